package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.types.Type;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads constants in the strict forms of which there is no doubt what PostgreSQL's input and
 * receive functions make of them; anything else is outside.
 */
final class Input {
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,19}");
  private static final Pattern HEX = Pattern.compile("\\\\x(?:[0-9a-fA-F]{2})*");
  private static final Pattern TIMESTAMP =
      Pattern.compile(
          "([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\\.([0-9]{1,6}))?"
              + "([+-])([0-9]{2})(?::([0-9]{2}))?");

  /** PostgreSQL refuses larger displacements (MAX_TZDISP_HOUR). */
  private static final int MAX_ZONE_HOUR = 15;

  private static final long MICROS = 1_000_000L;

  /** µs from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
  private static final long EPOCH_MICROS = 946_684_800_000_000L;

  /** 0001-01-01 and 10000-01-01, in µs since 1970. */
  private static final long FIRST_MICROS = -62_135_596_800_000_000L;

  private static final long END_MICROS = 253_402_300_800_000_000L;

  private Input() {}

  /** A value in text format. */
  static Constant text(Type type, String text) {
    return switch (type) {
      case TEXT, VARCHAR -> Constant.of(utf8(text));
      case BYTEA -> Constant.of(hex(text));
      case INT2, INT4, INT8 -> Constant.of(integer(type, text));
      case TIMESTAMPTZ -> Constant.of(timestamp(text));
      default -> throw new Outside("a constant of type " + type);
    };
  }

  /** A value in binary format. */
  static Constant binary(Type type, byte[] bytes) {
    return switch (type) {
      case TEXT, VARCHAR -> Constant.of(utf8(string(bytes)));
      case BYTEA -> Constant.of(bytes);
      case INT2 -> Constant.of(sized(bytes, 2).getShort());
      case INT4 -> Constant.of(sized(bytes, 4).getInt());
      case INT8 -> Constant.of(sized(bytes, 8).getLong());
      case TIMESTAMPTZ -> Constant.of(sinceUnixEpoch(sized(bytes, 8).getLong()));
      default -> throw new Outside("a constant of type " + type);
    };
  }

  private static ByteBuffer sized(byte[] bytes, int length) {
    if (bytes.length != length) {
      throw new Outside("a binary value of a wrong length");
    }
    return ByteBuffer.wrap(bytes);
  }

  private static long sinceUnixEpoch(long micros) {
    if (micros < FIRST_MICROS - EPOCH_MICROS || micros >= END_MICROS - EPOCH_MICROS) {
      throw new Outside("an uncommon timestamp");
    }
    return micros + EPOCH_MICROS;
  }

  /** UTF-8 as a string; PostgreSQL refuses what is malformed or has a zero byte. */
  static String string(byte[] utf8) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new Outside("text that is not UTF-8");
    }
  }

  /** The bytes of a text. */
  static byte[] utf8(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new Outside("a text with a zero byte");
    }
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new Outside("half a surrogate pair");
    }
  }

  private static byte[] hex(String text) {
    if (!HEX.matcher(text).matches()) {
      throw new Outside("a bytea that is not in hex format");
    }
    return HexFormat.of().parseHex(text, 2, text.length());
  }

  static long integer(Type type, String text) {
    if (!INTEGER.matcher(text).matches()) {
      throw new Outside("not a plain integer");
    }
    long number;
    try {
      number = Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Outside("an integer beyond 64 bits");
    }
    return inRange(type, number);
  }

  /** The number, if the type can hold it. */
  static long inRange(Type type, long number) {
    boolean fits =
        switch (type) {
          case INT2 -> number == (short) number;
          case INT4 -> number == (int) number;
          default -> true;
        };
    if (!fits) {
      throw new Outside("an integer out of its type's range");
    }
    return number;
  }

  private static long timestamp(String text) {
    Matcher parts = TIMESTAMP.matcher(text);
    if (!parts.matches() || parts.group(1).equals("0000")) {
      throw new Outside("a timestamp in another form");
    }
    int zoneHours = Integer.parseInt(parts.group(9));
    int zoneMinutes = parts.group(10) == null ? 0 : Integer.parseInt(parts.group(10));
    if (zoneHours > MAX_ZONE_HOUR || zoneMinutes > 59) {
      throw new Outside("an uncommon time zone");
    }
    try {
      LocalDateTime local =
          LocalDateTime.of(
              Integer.parseInt(parts.group(1)),
              Integer.parseInt(parts.group(2)),
              Integer.parseInt(parts.group(3)),
              Integer.parseInt(parts.group(4)),
              Integer.parseInt(parts.group(5)),
              Integer.parseInt(parts.group(6)));
      long east = (zoneHours * 60L + zoneMinutes) * 60 * (parts.group(8).equals("-") ? -1 : 1);
      return (local.toEpochSecond(ZoneOffset.UTC) - east) * MICROS + fraction(parts.group(7));
    } catch (DateTimeException e) {
      throw new Outside("no such date or time");
    }
  }

  private static long fraction(@org.jspecify.annotations.Nullable String digits) {
    if (digits == null) {
      return 0;
    }
    long micros = Long.parseLong(digits);
    for (int i = digits.length(); i < 6; i++) {
      micros *= 10;
    }
    return micros;
  }
}
