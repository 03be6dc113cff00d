package dev.quicksilver.bridge.types;

import java.time.ZoneId;
import java.util.Locale;

/** PostgreSQL's output functions for the types that the replica's tables have. */
public final class TextFormat {
  private TextFormat() {}

  /** The text form of a value that is not null. */
  public static String format(Type type, Object value, ZoneId zone) {
    return switch (type) {
      case TIMESTAMPTZ -> {
        var out = new StringBuilder(32);
        Times.appendTimestampTz((Long) value, zone, out);
        yield out.toString();
      }
      case PG_LSN -> lsn((Long) value);
      default -> value.toString();
    };
  }

  /** X/X in upper-case hexadecimal. */
  public static String lsn(long value) {
    return (Long.toHexString(value >>> 32) + "/" + Long.toHexString(value & 0xffffffffL))
        .toUpperCase(Locale.ROOT);
  }
}
