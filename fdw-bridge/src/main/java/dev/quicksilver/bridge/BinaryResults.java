package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.TextInput;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageReader;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;

/**
 * Fields of a row in PostgreSQL's binary format, for drivers that ask for it (pgjdbc after a few
 * executions of a statement). A field is first written as text and then read back as a value; only
 * postgres_fdw's path, which is text, is hot.
 *
 * <p>Source of the formats: the send functions of PostgreSQL's types.
 */
final class BinaryResults {
  /** Micros from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
  private static final long EPOCH_MICROS = 946_684_800_000_000L;

  private static final BigInteger NUMERIC_BASE = BigInteger.valueOf(10_000);

  private final boolean[] binary;
  private final Type[] types;
  private final ZoneId zone;

  private BinaryResults(boolean[] binary, Type[] types, ZoneId zone) {
    this.binary = binary;
    this.types = types;
    this.zone = zone;
  }

  /**
   * Takes the format codes of a Bind message: none, one for all columns, or one a column.
   *
   * @throws PgException 0A000 for a type that is not known in binary, 08P01 for a wrong count
   */
  static BinaryResults of(int[] formats, List<Type> types, ZoneId zone) {
    if (formats.length > 1 && formats.length != types.size()) {
      throw PgException.of(
          dev.quicksilver.bridge.sql.SqlState.PROTOCOL_VIOLATION,
          "bind message has "
              + formats.length
              + " result formats but query has "
              + types.size()
              + " columns");
    }
    boolean[] binary = new boolean[types.size()];
    for (int i = 0; i < binary.length; i++) {
      binary[i] = formats.length > 0 && formats[formats.length == 1 ? 0 : i] != 0;
      if (binary[i] && !known(types.get(i))) {
        throw PgException.unsupported(
            "results of type " + types.get(i).sqlName() + " in binary format");
      }
    }
    return new BinaryResults(binary, types.toArray(Type[]::new), zone);
  }

  private static boolean known(Type type) {
    return switch (type) {
      case INT2, INT4, INT8, OID, BOOL, FLOAT4, FLOAT8, NUMERIC, BYTEA, JSONB -> true;
      case TIMESTAMPTZ, PG_LSN, UNKNOWN -> true;
      default -> type.isText();
    };
  }

  /** Whether a column goes out in binary. */
  boolean binary(int column) {
    return binary[column];
  }

  /** Turns a field's text, as UTF-8, into its binary form. */
  byte[] encode(int column, byte[] utf8) {
    Type type = types[column];
    if (type.isText() || type == Type.UNKNOWN) {
      return utf8;
    }
    String text = MessageReader.utf8(ByteBuffer.wrap(utf8));
    return switch (type) {
      case INT2 -> ByteBuffer.allocate(2).putShort(Short.parseShort(text)).array();
      case INT4 -> ByteBuffer.allocate(4).putInt(Integer.parseInt(text)).array();
      case OID -> ByteBuffer.allocate(4).putInt(Integer.parseUnsignedInt(text)).array();
      case INT8 -> int8(Long.parseLong(text));
      case BOOL -> new byte[] {(byte) (text.equals("t") ? 1 : 0)};
      case FLOAT4 -> ByteBuffer.allocate(4).putFloat(Float.parseFloat(text)).array();
      case FLOAT8 -> ByteBuffer.allocate(8).putDouble(Double.parseDouble(text)).array();
      case NUMERIC -> numeric(Numeric.parse(text));
      case BYTEA -> ((Bytes) TextInput.parse(Type.BYTEA, text, zone)).content();
      case JSONB -> jsonb(utf8);
      case TIMESTAMPTZ -> timestamp((Long) TextInput.parse(Type.TIMESTAMPTZ, text, zone));
      case PG_LSN -> int8((Long) TextInput.parse(Type.PG_LSN, text, zone));
      default -> throw PgException.unsupported("binary results of type " + type.sqlName());
    };
  }

  private static byte[] int8(long value) {
    return ByteBuffer.allocate(8).putLong(value).array();
  }

  private static byte[] timestamp(long micros) {
    boolean infinite = micros == Long.MAX_VALUE || micros == Long.MIN_VALUE;
    return int8(infinite ? micros : micros - EPOCH_MICROS);
  }

  /** A version byte, then the text. */
  private static byte[] jsonb(byte[] utf8) {
    return ByteBuffer.allocate(utf8.length + 1).put((byte) 1).put(utf8).array();
  }

  /** Count of digits, weight of the first, sign, display scale; digits in base 10,000. */
  private static byte[] numeric(Numeric number) {
    if (!number.isFinite()) {
      int sign = number.isNaN() ? 0xc000 : number.signum() > 0 ? 0xd000 : 0xf000;
      return ByteBuffer.allocate(8).putInt(0).putShort((short) sign).putShort((short) 0).array();
    }
    int scale = Math.max(0, number.value().scale());
    int fraction = (scale + 3) / 4;
    BigInteger rest = number.value().abs().setScale(4 * fraction).unscaledValue();
    short[] digits = new short[rest.bitLength() / 13 + 1];
    int first = digits.length;
    while (rest.signum() != 0) {
      BigInteger[] parts = rest.divideAndRemainder(NUMERIC_BASE);
      digits[--first] = parts[1].shortValue();
      rest = parts[0];
    }
    int weight = digits.length - first - fraction - 1;
    int end = digits.length;
    while (end > first && digits[end - 1] == 0) {
      end--;
    }
    short[] kept = Arrays.copyOfRange(digits, first, Math.max(first, end));
    ByteBuffer out = ByteBuffer.allocate(8 + 2 * kept.length);
    out.putShort((short) kept.length).putShort((short) (kept.length == 0 ? 0 : weight));
    out.putShort((short) (number.signum() < 0 ? 0x4000 : 0)).putShort((short) scale);
    for (short digit : kept) {
      out.putShort(digit);
    }
    return out.array();
  }
}
