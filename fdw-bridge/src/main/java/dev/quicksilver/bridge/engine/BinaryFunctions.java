package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.Arrays;

/** Operators and functions of bytea. */
final class BinaryFunctions {
  private BinaryFunctions() {}

  static Bytes concat(Bytes a, Bytes b) {
    byte[] joined = Arrays.copyOf(a.content(), a.content().length + b.content().length);
    System.arraycopy(b.content(), 0, joined, a.content().length, b.content().length);
    return new Bytes(joined);
  }

  static Expr match(String operator, Expr left, Expr right, ZoneId zone) {
    if (!operator.equals("~~") && !operator.equals("!~~")) {
      throw Operators.missing(operator, left, right);
    }
    boolean negated = operator.startsWith("!");
    return Expr.strict(
        operator,
        Type.BOOL,
        Casts.to(Type.BYTEA, left, zone),
        Casts.to(Type.BYTEA, right, zone),
        (a, b) -> Matching.like(latin((Bytes) a), latin((Bytes) b)) != negated);
  }

  /** Each byte as one character, so that LIKE works byte by byte. */
  private static String latin(Bytes bytes) {
    return new String(bytes.content(), java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  static Bytes substring(Bytes bytes, long start, long count) {
    if (count < 0) {
      throw PgException.of(SqlState.SUBSTRING_ERROR, "negative substring length not allowed");
    }
    int length = bytes.content().length;
    long from = Math.min(Math.max(start, 1) - 1, length);
    long end =
        count == Long.MAX_VALUE ? length : Math.min(Math.max(start + count - 1, from), length);
    return new Bytes(Arrays.copyOfRange(bytes.content(), (int) from, (int) end));
  }

  static int getByte(Bytes bytes, int index) {
    if (index < 0 || index >= bytes.content().length) {
      throw PgException.of(
          SqlState.ARRAY_SUBSCRIPT_ERROR,
          "index " + index + " out of valid range, 0.." + (bytes.content().length - 1));
    }
    return bytes.content()[index] & 0xff;
  }

  static int position(Bytes bytes, Bytes part) {
    return latin(bytes).indexOf(latin(part)) + 1;
  }
}
