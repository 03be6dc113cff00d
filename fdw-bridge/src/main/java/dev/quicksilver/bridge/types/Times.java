package dev.quicksilver.bridge.types;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The text form of timestamptz in DateStyle ISO. */
public final class Times {
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
}
