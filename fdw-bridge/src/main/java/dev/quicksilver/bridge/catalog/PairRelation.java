package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.Json;
import dev.quicksilver.bridge.types.Tid;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The live pairs of a database as a table: key, value, sequence, updated_at, and ctid for clients
 * that ask.
 */
final class PairRelation implements Relation {
  private static final int KEY = 0;
  private static final int VALUE = 1;
  private static final int SEQUENCE = 2;
  private static final int UPDATED_AT = 3;
  private static final int CTID = 4;
  private static final int MAX_KEY = 511;

  private final String name;
  private final Supplier<Snapshot> snapshot;
  private final LongSupplier estimate;
  private final Type keyType;
  private final Type valueType;
  private final List<Column> columns;

  PairRelation(
      String name,
      String keyType,
      String valueType,
      Supplier<Snapshot> snapshot,
      LongSupplier estimate) {
    this.name = name;
    this.estimate = estimate;
    this.snapshot = snapshot;
    this.keyType = keyType.equals("bytea") ? Type.BYTEA : Type.TEXT;
    this.valueType = valueType(valueType);
    this.columns =
        List.of(
            Column.of("key", this.keyType, true),
            Column.domain("value", this.valueType, domain(this.valueType)),
            Column.of("sequence", Type.INT8, true),
            Column.of("updated_at", Type.TIMESTAMPTZ, true),
            new Column("ctid", Type.TID, Optional.empty(), true, true));
  }

  static Type valueType(String name) {
    return switch (name) {
      case "bytea" -> Type.BYTEA;
      case "jsonb" -> Type.JSONB;
      default -> Type.TEXT;
    };
  }

  static String domain(Type type) {
    return switch (type) {
      case BYTEA -> "value_bytea";
      case JSONB -> "value_jsonb";
      default -> "value_text";
    };
  }

  /** The stored bytes of a key or value as a value of the type. */
  static Object decode(Type type, byte[] bytes, int from, int length) {
    return switch (type) {
      case BYTEA -> new Bytes(Arrays.copyOfRange(bytes, from, from + length));
      case JSONB -> new Json(new String(bytes, from, length, StandardCharsets.UTF_8));
      default -> new String(bytes, from, length, StandardCharsets.UTF_8);
    };
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
    return snapshot.get().pairs();
  }

  @Override
  public long estimate() {
    return estimate.getAsLong();
  }

  @Override
  public boolean rowsAreExact() {
    return true;
  }

  @Override
  public int rowWidth() {
    return 128;
  }

  @Override
  public int keyColumn() {
    return KEY;
  }

  @Override
  public RelationCursor open(KeySet keys, boolean backward, BitSet wanted) {
    List<KeySet.Interval> intervals = keys.intervals();
    return new Cursor(
        snapshot.get(), backward ? intervals.reversed() : intervals, backward, wanted.get(VALUE));
  }

  /** Scans the intervals one after the other; one that is a single key is looked up. */
  private final class Cursor implements RelationCursor {
    private final Snapshot reader;
    private final List<KeySet.Interval> intervals;
    private final Direction direction;
    private final boolean values;
    private final FieldWriter fields = new FieldWriter();
    private int next;
    private @Nullable Scan scan;
    private @Nullable PairBuffer found;
    private byte[] key = new byte[0];
    private int keyLength;
    private @Nullable PairBuffer pair;

    Cursor(Snapshot reader, List<KeySet.Interval> intervals, boolean backward, boolean values) {
      this.reader = reader;
      this.intervals = intervals;
      this.direction = backward ? Direction.BACKWARD : Direction.FORWARD;
      this.values = values;
    }

    @Override
    public boolean next() {
      while (true) {
        Scan current = scan;
        if (current != null) {
          if (current.next()) {
            keyLength = current.keyLength();
            return true;
          }
          current.close();
          scan = null;
        }
        if (next >= intervals.size()) {
          pair = null;
          return false;
        }
        KeySet.Interval interval = intervals.get(next++);
        if (values && isKey(interval)) {
          if (find(interval.from())) {
            return true;
          }
        } else {
          open(interval);
        }
      }
    }

    private void open(KeySet.Interval interval) {
      Scan opened = reader.scan(range(interval), direction);
      scan = values ? opened : opened.keysOnly();
      key = opened.keyBuffer();
      pair = opened.pair();
    }

    private boolean find(byte[] wanted) {
      PairBuffer into = found;
      if (into == null) {
        into = new PairBuffer();
        found = into;
      }
      key = wanted;
      keyLength = wanted.length;
      pair = into;
      return reader.get(wanted, wanted.length, into);
    }

    private PairBuffer current() {
      PairBuffer current = pair;
      if (current == null) {
        throw new IllegalStateException("no current row");
      }
      return current;
    }

    @Override
    public @Nullable Object value(int column) {
      PairBuffer row = current();
      return switch (column) {
        case KEY -> decode(keyType, key, 0, keyLength);
        case VALUE -> decode(valueType, row.valueBuffer(), row.valueOffset(), row.valueLength());
        case SEQUENCE -> row.sequence();
        case UPDATED_AT -> row.commitTime();
        case CTID -> Tid.ofSequence(row.sequence());
        default -> throw new IllegalArgumentException("column " + column);
      };
    }

    @Override
    public boolean isNull(int column) {
      return false;
    }

    @Override
    public long number(int column) {
      PairBuffer row = current();
      return switch (column) {
        case SEQUENCE -> row.sequence();
        case UPDATED_AT -> row.commitTime();
        default -> throw new IllegalArgumentException("column " + column);
      };
    }

    @Override
    public byte[] buffer(int column) {
      return column == KEY ? key : current().valueBuffer();
    }

    @Override
    public int offset(int column) {
      return column == KEY ? 0 : current().valueOffset();
    }

    @Override
    public int length(int column) {
      return column == KEY ? keyLength : current().valueLength();
    }

    @Override
    public void write(int column, MessageWriter out, ZoneId zone) {
      PairBuffer row = current();
      switch (column) {
        case KEY -> FieldWriter.bytes(keyType, key, 0, keyLength, out);
        case VALUE ->
            FieldWriter.bytes(
                valueType, row.valueBuffer(), row.valueOffset(), row.valueLength(), out);
        case SEQUENCE -> out.longField(row.sequence());
        case UPDATED_AT -> fields.timestamp(row.commitTime(), zone, out);
        case CTID -> out.textField(Tid.ofSequence(row.sequence()).toString());
        default -> throw new IllegalArgumentException("column " + column);
      }
    }

    @Override
    public void writeBinary(int column, MessageWriter out) {
      PairBuffer row = current();
      switch (column) {
        case KEY -> FieldWriter.bytesInBinary(keyType, key, 0, keyLength, out);
        case VALUE ->
            FieldWriter.bytesInBinary(
                valueType, row.valueBuffer(), row.valueOffset(), row.valueLength(), out);
        case SEQUENCE -> FieldWriter.longInBinary(row.sequence(), out);
        case UPDATED_AT -> FieldWriter.timestampInBinary(row.commitTime(), out);
        case CTID -> FieldWriter.tidInBinary(Tid.ofSequence(row.sequence()), out);
        default -> throw new IllegalArgumentException("column " + column);
      }
    }

    @Override
    public void close() {
      Scan current = scan;
      if (current != null) {
        current.close();
        scan = null;
      }
      pair = null;
      next = intervals.size();
    }
  }

  /** Whether exactly one key lies in an interval, and it can be there. */
  private static boolean isKey(KeySet.Interval interval) {
    int length = interval.from().length;
    return length > 0 && length <= MAX_KEY && interval.single();
  }

  /** Bounds longer than a key can be are cut to what decides. */
  private static KeyRange range(KeySet.Interval interval) {
    byte[] from = interval.from();
    byte[] to = interval.to();
    boolean fromInclusive = from.length <= MAX_KEY;
    boolean toInclusive = to != null && to.length > MAX_KEY;
    return new KeyRange(
        from.length == 0 ? null : fromInclusive ? from : Arrays.copyOf(from, MAX_KEY),
        fromInclusive,
        to == null ? null : toInclusive ? Arrays.copyOf(to, MAX_KEY) : to,
        toInclusive || to == null);
  }
}
