package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.catalog.RelationCursor;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A scan of one relation into its slots of the block's row. */
record ScanPlan(
    Relation relation,
    KeySet keys,
    boolean backward,
    int offset,
    int width,
    BitSet columns,
    List<Expr> filters,
    double rows)
    implements Plan {
  @Override
  public double cost() {
    double scanned =
        keys.isAll()
            ? relation.rows()
            : keys.onlySingles() ? keys.intervals().size() : Math.max(1, relation.rows() / 3.0);
    double pages = scanned * (relation.rowWidth() + 32) / 8192;
    return 0.1 * keys.intervals().size() + pages + scanned * (0.005 + 0.0025 * filters.size());
  }

  @Override
  public RowSource open(QueryContext context) {
    RelationCursor cursor = relation.open(keys, backward, columns);
    int[] wanted = columns.stream().toArray();
    Expr[] conditions = filters.toArray(Expr[]::new);
    int presence = offset + relation.columns().size();
    return new RowSource() {
      @Override
      public @Nullable Object @Nullable [] next() {
        while (cursor.next()) {
          context.tick();
          @Nullable Object[] row = new Object[width];
          for (int column : wanted) {
            row[offset + column] = cursor.value(column);
          }
          row[presence] = true;
          if (accepts(conditions, row)) {
            return row;
          }
        }
        return null;
      }

      @Override
      public void close() {
        cursor.close();
      }
    };
  }

  static boolean accepts(Expr[] conditions, @Nullable Object[] row) {
    for (Expr condition : conditions) {
      if (!Operators.isTrue(condition.eval(row))) {
        return false;
      }
    }
    return true;
  }
}
