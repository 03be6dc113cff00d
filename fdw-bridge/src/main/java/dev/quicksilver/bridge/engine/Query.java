package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.RelationCursor;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.TextFormat;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A planned query: its columns, its estimate, and its rows. */
public final class Query {
  private final QueryContext context;
  private final Planner.Block block;

  private Query(QueryContext context, Planner.Block block) {
    this.context = context;
    this.block = block;
  }

  /** Resolves and plans a query. */
  public static Query plan(Select select, QueryContext context) {
    return new Query(context, new Planner(context, null).block(select));
  }

  /** Names of the output columns. */
  public List<String> names() {
    return block.names();
  }

  /** Types of the output columns. */
  public List<Type> types() {
    return block.types();
  }

  /** The first line of EXPLAIN, in the form that postgres_fdw scans for. */
  public String explain() {
    Planner.DirectScan direct = block.scan();
    Plan plan = block.plan();
    String node =
        direct == null
            ? "Edge Query"
            : direct.plan().keys().isAll()
                ? "Edge Scan on " + direct.plan().relation().name()
                : "Edge Seek on " + direct.plan().relation().name();
    int width =
        block.types().stream().mapToInt(type -> type.length() > 0 ? type.length() : 32).sum();
    return String.format(
        Locale.ROOT,
        "%s  (cost=%.2f..%.2f rows=%.0f width=%d)",
        node,
        plan.startupCost(),
        Math.max(plan.cost(), plan.startupCost()),
        Math.max(0, plan.rows()),
        width);
  }

  /** The rows of one execution; write them with {@link Rows#write}. */
  public interface Rows extends AutoCloseable {
    /** Moves to the next row; false at the end. */
    boolean next();

    /** Writes the fields of the current row, each with its length, in text format. */
    void write(MessageWriter out);

    @Override
    void close();
  }

  /** Starts the execution. */
  public Rows open() {
    Planner.DirectScan direct = block.scan();
    return direct == null ? new Computed() : new Direct(direct);
  }

  /** Rows as objects, formatted one by one. */
  private final class Computed implements Rows {
    private final RowSource source = block.plan().open(context);
    private final Type[] types = block.types().toArray(Type[]::new);
    private @Nullable Object @Nullable [] row;

    @Override
    public boolean next() {
      row = source.next();
      return row != null;
    }

    @Override
    public void write(MessageWriter out) {
      Object[] current = row;
      if (current == null) {
        throw new IllegalStateException("no current row");
      }
      for (int i = 0; i < types.length; i++) {
        field(types[i], current[i], context.zone(), out);
      }
    }

    @Override
    public void close() {
      source.close();
    }
  }

  /** Writes one value as a length-prefixed field. */
  public static void field(Type type, @Nullable Object value, ZoneId zone, MessageWriter out) {
    if (value == null) {
      out.int32(-1);
    } else if (value instanceof Bytes bytes) {
      out.hexField(bytes.content(), 0, bytes.content().length);
    } else if (value instanceof Long number && type == Type.INT8) {
      out.longField(number);
    } else if (value instanceof String text) {
      out.textField(text);
    } else {
      out.textField(TextFormat.format(type, value, zone));
    }
  }

  /** A scan whose columns go from storage to the client without becoming objects. */
  private final class Direct implements Rows {
    private final RelationCursor cursor;
    private final Expr[] filters;
    private final int[] filterColumns;
    private final Expr[] targets;
    private final @Nullable Object[] row;
    private long skip;
    private long left;

    Direct(Planner.DirectScan scan) {
      ScanPlan plan = scan.plan();
      this.cursor = plan.relation().open(plan.keys(), plan.backward(), plan.columns());
      this.filters = plan.filters().toArray(Expr[]::new);
      var read = new java.util.BitSet();
      for (Expr filter : filters) {
        Expr.walk(
            filter,
            part -> {
              if (part instanceof Expr.Column column) {
                read.set(column.slot());
              }
            });
      }
      this.filterColumns =
          read.stream().filter(c -> c < plan.relation().columns().size()).toArray();
      this.targets = scan.targets().toArray(Expr[]::new);
      this.row = new Object[plan.width()];
      row[plan.width() - 1] = true;
      this.skip = scan.offset();
      this.left = scan.limit();
    }

    @Override
    public boolean next() {
      while (left > 0 && cursor.next()) {
        context.tick();
        for (int column : filterColumns) {
          row[column] = cursor.value(column);
        }
        if (!ScanPlan.accepts(filters, row)) {
          continue;
        }
        if (skip > 0) {
          skip--;
          continue;
        }
        left--;
        return true;
      }
      return false;
    }

    @Override
    public void write(MessageWriter out) {
      for (Expr target : targets) {
        if (target instanceof Expr.Column column) {
          cursor.write(column.slot(), out, context.zone());
        } else if (target instanceof Expr.Constant constant) {
          field(constant.type(), constant.value(), context.zone(), out);
        }
      }
    }

    @Override
    public void close() {
      cursor.close();
    }
  }
}
