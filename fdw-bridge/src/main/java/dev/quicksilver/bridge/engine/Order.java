package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.Interval;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.PgArray;
import dev.quicksilver.bridge.types.PgRecord;
import dev.quicksilver.bridge.types.Tid;
import dev.quicksilver.bridge.types.Type;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ordering and equality of values as PostgreSQL's btree operator classes define them. */
final class Order {
  private Order() {}

  /** The order of two values of one type; neither is null. */
  static int compare(Type type, Object a, Object b) {
    return switch (type) {
      case TEXT, VARCHAR, NAME, UNKNOWN, CHAR -> compareText((String) a, (String) b);
      case BPCHAR -> compareText(((String) a).stripTrailing(), ((String) b).stripTrailing());
      case BOOL -> Boolean.compare((Boolean) a, (Boolean) b);
      case INT2, INT4, DATE -> Integer.compare((Integer) a, (Integer) b);
      case INT8, TIMESTAMP, TIMESTAMPTZ, OID, REGCLASS -> Long.compare((Long) a, (Long) b);
      case PG_LSN -> Long.compareUnsigned((Long) a, (Long) b);
      case FLOAT4 -> compareDouble((Float) a, (Float) b);
      case FLOAT8 -> compareDouble((Double) a, (Double) b);
      case NUMERIC -> ((Numeric) a).compareTo((Numeric) b);
      case INTERVAL -> ((Interval) a).compareTo((Interval) b);
      case BYTEA -> ((Bytes) a).compareTo((Bytes) b);
      case TID -> ((Tid) a).compareTo((Tid) b);
      case RECORD -> compareRecords((PgRecord) a, (PgRecord) b);
      default -> {
        if (type.element().isPresent()) {
          yield compareLists(
              type.element().get(), ((PgArray) a).elements(), ((PgArray) b).elements());
        }
        throw PgException.unsupported("comparison of values of type " + type.sqlName());
      }
    };
  }

  /** By code point, which is the order of UTF-8 bytes. */
  static int compareText(String a, String b) {
    int limit = Math.min(a.length(), b.length());
    for (int i = 0; i < limit; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean xHigh = Character.isSurrogate(x);
        boolean yHigh = Character.isSurrogate(y);
        return xHigh == yHigh ? Character.compare(x, y) : xHigh ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /** NaN equals itself and is largest; the zeros are equal. */
  static int compareDouble(double a, double b) {
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : Boolean.compare(Double.isNaN(a), Double.isNaN(b));
  }

  private static int compareLists(
      Type element, List<@Nullable Object> a, List<@Nullable Object> b) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      int order = compareNullable(element, a.get(i), b.get(i), false);
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(a.size(), b.size());
  }

  private static int compareRecords(PgRecord a, PgRecord b) {
    for (int i = 0; i < Math.min(a.fields().size(), b.fields().size()); i++) {
      int order = compareNullable(a.types().get(i), a.fields().get(i), b.fields().get(i), false);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  static int compareNullable(
      Type type, @Nullable Object a, @Nullable Object b, boolean nullsFirst) {
    if (a == null || b == null) {
      int order = a == null ? (b == null ? 0 : 1) : -1;
      return nullsFirst ? -order : order;
    }
    return compare(type, a, b);
  }

  /** One ORDER BY element over rows of a plan. */
  record By(Expr key, boolean descending, boolean nullsFirst) {}

  /** Compares arrays of already evaluated sort keys. */
  static Comparator<@Nullable Object[]> comparator(List<By> order) {
    Type[] types = order.stream().map(by -> by.key().type()).toArray(Type[]::new);
    return (a, b) -> {
      for (int i = 0; i < types.length; i++) {
        By by = order.get(i);
        Object x = a[i];
        Object y = b[i];
        int result;
        if (x == null || y == null) {
          result = compareNullable(types[i], x, y, by.nullsFirst());
        } else {
          result = compare(types[i], x, y);
          if (by.descending()) {
            result = -result;
          }
        }
        if (result != 0) {
          return result;
        }
      }
      return 0;
    };
  }

  /** A form of the value whose equals() is PostgreSQL's equality of the type. */
  static @Nullable Object hashKey(Type type, @Nullable Object value) {
    if (value == null) {
      return null;
    }
    return switch (type) {
      case FLOAT8 -> (Double) value == 0 ? (Object) 0.0 : value;
      case FLOAT4 -> (Float) value == 0 ? (Object) 0.0f : value;
      case INTERVAL -> ((Interval) value).span();
      case BPCHAR -> ((String) value).stripTrailing();
      default -> value;
    };
  }
}
