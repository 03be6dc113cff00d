package dev.quicksilver.bridge.types;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text forms of interval in IntervalStyle postgres. */
final class Intervals {
  private static final Pattern PART =
      Pattern.compile(
          "\\s*(?:([+-]?)(\\d+):(\\d{1,2})(?::(\\d{1,2})(?:\\.(\\d{1,6}))?)?|([+-]?\\d+)\\s*([A-Za-z]+))\\s*");

  private Intervals() {}

  static String format(Interval value) {
    var out = new StringBuilder();
    int years = value.months() / 12;
    int months = value.months() % 12;
    boolean negative = false;
    negative = part(out, years, "year", negative);
    negative = part(out, months, "mon", negative);
    negative = part(out, value.days(), "day", negative);
    long micros = value.micros();
    if (micros != 0 || out.isEmpty()) {
      if (!out.isEmpty()) {
        out.append(' ');
      }
      if (micros < 0) {
        out.append('-');
      } else if (negative) {
        out.append('+');
      }
      long rest = Math.abs(micros);
      Times.pad((int) (rest / 3_600_000_000L), 2, out);
      out.append(':');
      Times.pad((int) (rest / 60_000_000L % 60), 2, out);
      out.append(':');
      Times.pad((int) (rest / 1_000_000L % 60), 2, out);
      Times.appendFraction((int) (rest % 1_000_000L), out);
    }
    return out.toString();
  }

  private static boolean part(StringBuilder out, int number, String unit, boolean negativeBefore) {
    if (number == 0) {
      return negativeBefore;
    }
    if (!out.isEmpty()) {
      out.append(' ');
    }
    if (negativeBefore && number > 0) {
      out.append('+');
    }
    out.append(number).append(' ').append(unit);
    if (number != 1) {
      out.append('s');
    }
    return number < 0;
  }

  static Interval parse(String text) {
    long months = 0;
    long days = 0;
    long micros = 0;
    Matcher matcher = PART.matcher(text);
    int at = 0;
    while (at < text.length() && matcher.find(at) && matcher.start() == at) {
      at = matcher.end();
      if (matcher.group(6) == null) {
        micros += clock(matcher);
        continue;
      }
      long number = Long.parseLong(matcher.group(6));
      switch (matcher.group(7).toLowerCase(Locale.ROOT)) {
        case "year", "years", "yr", "yrs", "y" -> months += number * 12;
        case "mon", "mons", "month", "months" -> months += number;
        case "week", "weeks", "w" -> days += number * 7;
        case "day", "days", "d" -> days += number;
        case "hour", "hours", "hr", "hrs", "h" -> micros += number * 3_600_000_000L;
        case "minute", "minutes", "min", "mins", "m" -> micros += number * 60_000_000L;
        case "second", "seconds", "sec", "secs", "s" -> micros += number * 1_000_000L;
        default -> throw invalid(text);
      }
    }
    if (at == 0 || at < text.length()) {
      throw invalid(text);
    }
    return new Interval(Math.toIntExact(months), Math.toIntExact(days), micros);
  }

  private static long clock(Matcher matcher) {
    long seconds = matcher.group(4) == null ? 0 : Long.parseLong(matcher.group(4));
    String fraction = matcher.group(5) == null ? "" : matcher.group(5);
    long micros = Long.parseLong((fraction + "000000").substring(0, 6));
    long total =
        Long.parseLong(matcher.group(2)) * 3_600_000_000L
            + Long.parseLong(matcher.group(3)) * 60_000_000L
            + seconds * 1_000_000L
            + micros;
    return "-".equals(matcher.group(1)) ? -total : total;
  }

  private static PgException invalid(String text) {
    return PgException.of(
        SqlState.INVALID_DATETIME_FORMAT,
        "invalid input syntax for type interval: \"" + text + "\"");
  }
}
