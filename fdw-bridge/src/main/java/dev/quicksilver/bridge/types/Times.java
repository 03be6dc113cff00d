package dev.quicksilver.bridge.types;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text forms of date, timestamp and timestamptz in DateStyle ISO. */
public final class Times {
  private static final Pattern TIMESTAMP =
      Pattern.compile(
          "(\\d{4,6})-(\\d{1,2})-(\\d{1,2})(?:["
              + " T]+(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:\\.(\\d{0,9}))?)?)?"
              + "\\s*(Z|UTC|GMT|[+-]\\d{1,2}(?::?\\d{2})?(?::\\d{2})?|[A-Za-z]+/[A-Za-z_/]+)?\\s*(BC|AD)?",
          Pattern.CASE_INSENSITIVE);

  private Times() {}

  /** Appends a timestamptz. */
  public static void appendTimestampTz(long micros, ZoneId zone, StringBuilder out) {
    if (infinite(micros, out)) {
      return;
    }
    Instant instant = instant(micros);
    ZoneOffset offset = zone.getRules().getOffset(instant);
    LocalDateTime local = LocalDateTime.ofInstant(instant, offset);
    appendDateTime(local, out);
    appendOffset(offset.getTotalSeconds(), out);
    era(local.getYear(), out);
  }

  /** Appends a timestamp without time zone. */
  public static void appendTimestamp(long micros, StringBuilder out) {
    if (infinite(micros, out)) {
      return;
    }
    LocalDateTime local = LocalDateTime.ofInstant(instant(micros), ZoneOffset.UTC);
    appendDateTime(local, out);
    era(local.getYear(), out);
  }

  /** Appends a date. */
  public static void appendDate(int days, StringBuilder out) {
    if (days == Integer.MAX_VALUE || days == Integer.MIN_VALUE) {
      out.append(days > 0 ? "infinity" : "-infinity");
      return;
    }
    LocalDate date = LocalDate.ofEpochDay(days);
    appendDate(date, out);
    era(date.getYear(), out);
  }

  /** The instant of finite µs. */
  public static Instant instant(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000L);
  }

  private static boolean infinite(long micros, StringBuilder out) {
    if (micros == Long.MAX_VALUE || micros == Long.MIN_VALUE) {
      out.append(micros > 0 ? "infinity" : "-infinity");
      return true;
    }
    return false;
  }

  private static void era(int year, StringBuilder out) {
    if (year <= 0) {
      out.append(" BC");
    }
  }

  private static void appendDate(LocalDate date, StringBuilder out) {
    int year = date.getYear() > 0 ? date.getYear() : 1 - date.getYear();
    pad(year, 4, out);
    out.append('-');
    pad(date.getMonthValue(), 2, out);
    out.append('-');
    pad(date.getDayOfMonth(), 2, out);
  }

  private static void appendDateTime(LocalDateTime local, StringBuilder out) {
    appendDate(local.toLocalDate(), out);
    out.append(' ');
    pad(local.getHour(), 2, out);
    out.append(':');
    pad(local.getMinute(), 2, out);
    out.append(':');
    pad(local.getSecond(), 2, out);
    appendFraction(local.getNano() / 1000, out);
  }

  static void appendFraction(int micros, StringBuilder out) {
    if (micros == 0) {
      return;
    }
    out.append('.');
    int start = out.length();
    pad(micros, 6, out);
    int end = start + 6;
    while (out.charAt(end - 1) == '0') {
      end--;
    }
    out.setLength(end);
  }

  private static void appendOffset(int seconds, StringBuilder out) {
    int rest = Math.abs(seconds);
    out.append(seconds < 0 ? '-' : '+');
    pad(rest / 3600, 2, out);
    if (rest % 3600 != 0) {
      out.append(':');
      pad(rest / 60 % 60, 2, out);
      if (rest % 60 != 0) {
        out.append(':');
        pad(rest % 60, 2, out);
      }
    }
  }

  static void pad(int number, int width, StringBuilder out) {
    String digits = Integer.toString(number);
    out.repeat('0', Math.max(0, width - digits.length())).append(digits);
  }

  /** Reads a date as days since 1970-01-01. */
  public static int parseDate(String text) {
    String word = text.strip().toLowerCase(Locale.ROOT);
    if (word.equals("infinity") || word.equals("-infinity")) {
      return word.startsWith("-") ? Integer.MIN_VALUE : Integer.MAX_VALUE;
    }
    return (int) Math.floorDiv(parse(text, ZoneOffset.UTC, "date", false), Interval.MICROS_PER_DAY);
  }

  /** Reads a timestamptz; without an offset it is in the zone. */
  public static long parseTimestampTz(String text, ZoneId zone) {
    return parse(text, zone, "timestamp with time zone", true);
  }

  /** Reads a timestamp; an offset is read and ignored, as PostgreSQL does. */
  public static long parseTimestamp(String text) {
    return parse(text, ZoneOffset.UTC, "timestamp", false);
  }

  private static long parse(String text, ZoneId zone, String type, boolean useOffset) {
    String trimmed = text.strip();
    switch (trimmed.toLowerCase(Locale.ROOT)) {
      case "infinity", "+infinity" -> {
        return Long.MAX_VALUE;
      }
      case "-infinity" -> {
        return Long.MIN_VALUE;
      }
      case "epoch" -> {
        return 0;
      }
      default -> {}
    }
    Matcher matcher = TIMESTAMP.matcher(trimmed);
    if (!matcher.matches()) {
      throw PgException.of(
          SqlState.INVALID_DATETIME_FORMAT,
          "invalid input syntax for type " + type + ": \"" + text + "\"");
    }
    try {
      return micros(matcher, zone, useOffset);
    } catch (DateTimeException | ArithmeticException e) {
      throw PgException.of(
          SqlState.DATETIME_FIELD_OVERFLOW,
          "date/time field value out of range: \"" + text + "\"",
          e);
    }
  }

  private static long micros(Matcher matcher, ZoneId zone, boolean useOffset) {
    int year = Integer.parseInt(matcher.group(1));
    boolean bc = "BC".equalsIgnoreCase(matcher.group(9));
    LocalDate date =
        LocalDate.of(
            bc ? 1 - year : year,
            Integer.parseInt(matcher.group(2)),
            Integer.parseInt(matcher.group(3)));
    int hour = number(matcher.group(4));
    int second = number(matcher.group(6));
    boolean midnight = hour == 24 && number(matcher.group(5)) == 0 && second == 0;
    LocalTime time =
        LocalTime.of(midnight ? 0 : hour, number(matcher.group(5)), second == 60 ? 59 : second);
    LocalDateTime local =
        LocalDateTime.of(midnight ? date.plusDays(1) : date, time)
            .plusSeconds(second == 60 ? 1 : 0);
    String fraction = matcher.group(7);
    long micros = 0;
    if (fraction != null && !fraction.isEmpty()) {
      micros = Math.round(Double.parseDouble("0." + fraction) * 1e6);
    }
    String offset = matcher.group(8);
    ZoneId used = useOffset && offset != null ? zone(offset) : zone;
    long seconds = local.atZone(used).toEpochSecond();
    return Math.addExact(Math.multiplyExact(seconds, 1_000_000L), micros);
  }

  private static int number(@org.jspecify.annotations.Nullable String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  /**
   * A zone by offset or name. PostgreSQL's names of IANA zones are case-insensitive; ours must
   * match.
   */
  public static ZoneId zone(String text) {
    try {
      if (text.equalsIgnoreCase("z")
          || text.equalsIgnoreCase("utc")
          || text.equalsIgnoreCase("gmt")) {
        return ZoneOffset.UTC;
      }
      return ZoneId.of(text);
    } catch (DateTimeException e) {
      throw PgException.of(
          SqlState.INVALID_PARAMETER_VALUE, "time zone \"" + text + "\" not recognized", e);
    }
  }
}
