package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A small relation whose rows are made when it is opened: the list of databases. */
public final class RowsRelation implements Relation {
  private final String name;
  private final List<Column> columns;
  private final LongSupplier rows;
  private final LongSupplier estimate;
  private final Supplier<Iterator<@Nullable Object[]>> source;

  /** Rows come from the source, in the order of the columns. */
  public RowsRelation(
      String name, List<Column> columns, long rows, Supplier<Iterator<@Nullable Object[]>> source) {
    this(name, columns, () -> rows, () -> rows, source);
  }

  /** The same with numbers of rows that are found when asked for. */
  RowsRelation(
      String name,
      List<Column> columns,
      LongSupplier rows,
      LongSupplier estimate,
      Supplier<Iterator<@Nullable Object[]>> source) {
    this.name = name;
    this.columns = columns;
    this.rows = rows;
    this.estimate = estimate;
    this.source = source;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public long rows() {
    return rows.getAsLong();
  }

  @Override
  public long estimate() {
    return estimate.getAsLong();
  }

  @Override
  public boolean rowsAreExact() {
    return false;
  }

  @Override
  public int rowWidth() {
    return 100;
  }

  @Override
  public int keyColumn() {
    return -1;
  }

  @Override
  public RelationCursor open(KeySet keys, boolean backward, BitSet wanted) {
    Iterator<@Nullable Object[]> iterator = source.get();
    return new RelationCursor() {
      private final FieldWriter fields = new FieldWriter();
      private @Nullable Object[] row = new Object[0];

      @Override
      public boolean next() {
        if (!iterator.hasNext()) {
          return false;
        }
        row = iterator.next();
        return true;
      }

      @Override
      public @Nullable Object value(int column) {
        return row[column];
      }

      @Override
      public void write(int column, MessageWriter out, ZoneId zone) {
        fields.value(columns.get(column).type(), row[column], zone, out);
      }

      @Override
      public void writeBinary(int column, MessageWriter out) {
        FieldWriter.valueInBinary(columns.get(column).type(), row[column], out);
      }

      @Override
      public boolean isNull(int column) {
        return row[column] == null;
      }

      @Override
      public long number(int column) {
        return ((Number) Objects.requireNonNull(row[column])).longValue();
      }

      @Override
      public byte[] buffer(int column) {
        return row[column] instanceof Bytes bytes
            ? bytes.content()
            : String.valueOf(row[column]).getBytes(StandardCharsets.UTF_8);
      }

      @Override
      public int offset(int column) {
        return 0;
      }

      @Override
      public int length(int column) {
        return buffer(column).length;
      }

      @Override
      public void close() {}
    };
  }
}
