package dev.quicksilver.gateway.sequence;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;

/**
 * The text that PostgreSQL's {@code to_json} makes of numbers and times, from their binary form
 * (numeric.c, float.c and timestamp.c of PostgreSQL). Depends on no setting of a session and on no
 * time zone but UTC. Stateless.
 */
final class PostgresText {
  private static final int EPOCH_DAY = 10_957; // 2000-01-01, in days since 1970-01-01
  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final long MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;

  private static final int NUMERIC_NEGATIVE = 0x4000;
  private static final int NUMERIC_NAN = 0xC000;
  private static final int NUMERIC_INFINITY = 0xD000;
  private static final int NUMERIC_MINUS_INFINITY = 0xF000;
  private static final int NUMERIC_GROUP = 4; // decimal digits

  private PostgresText() {}

  /** A real: the shortest digits that read back as the same. */
  static String float4(float value) {
    float magnitude = Math.abs(value);
    return magnitude > 0 && magnitude <= Float.MAX_VALUE
        ? sign(value) + decimal(ShortestDecimal.of(magnitude), 6)
        : noDigits(value);
  }

  /** A double precision: the shortest digits that read back as the same. */
  static String float8(double value) {
    double magnitude = Math.abs(value);
    return magnitude > 0 && magnitude <= Double.MAX_VALUE
        ? sign(value) + decimal(ShortestDecimal.of(magnitude), 15)
        : noDigits(value);
  }

  /** Zero, and what is no number, which PostgreSQL spells as Java does. */
  private static String noDigits(double value) {
    return value == 0 ? sign(value) + "0" : Double.toString(value);
  }

  private static String sign(double value) {
    return Math.copySign(1, value) < 0 ? "-" : "";
  }

  /** From this power of ten on, and below 0.0001, with an exponent. */
  private static String decimal(BigDecimal shortest, int exponentFrom) {
    String digits = shortest.unscaledValue().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    if (exponent >= -4 && exponent < exponentFrom) {
      return shortest.toPlainString();
    }
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    return digits.charAt(0)
        + fraction
        + (exponent < 0 ? "e-" : "e+")
        + padded(Math.abs(exponent), 2);
  }

  /**
   * A numeric: count of digit groups, weight of the first, sign, decimal digits after the point,
   * each a short; then the groups, base 10,000.
   */
  static String numeric(ByteBuffer binary) {
    int groups = binary.getShort();
    int weight = binary.getShort();
    int sign = binary.getShort() & 0xFFFF;
    int scale = binary.getShort();
    switch (sign) {
      case NUMERIC_NAN -> {
        return "NaN";
      }
      case NUMERIC_INFINITY -> {
        return "Infinity";
      }
      case NUMERIC_MINUS_INFINITY -> {
        return "-Infinity";
      }
      default -> {
        // a number
      }
    }
    int[] group = new int[groups];
    for (int i = 0; i < groups; i++) {
      group[i] = binary.getShort();
    }
    StringBuilder text = new StringBuilder();
    if (sign == NUMERIC_NEGATIVE) {
      text.append('-');
    }
    if (weight < 0) {
      text.append('0');
    }
    for (int i = 0; i <= weight; i++) {
      text.append(padded(i < groups ? group[i] : 0, i > 0 ? NUMERIC_GROUP : 1));
    }
    if (scale > 0) {
      text.append('.');
      int end = text.length() + scale;
      for (int i = weight + 1; text.length() < end; i++) {
        text.append(padded(i >= 0 && i < groups ? group[i] : 0, NUMERIC_GROUP));
      }
      text.setLength(end);
    }
    return text.toString();
  }

  /** At least so many digits. */
  private static String padded(long number, int digits) {
    String text = Long.toString(number);
    return "0".repeat(Math.max(0, digits - text.length())) + text;
  }

  /** A date: days since 2000-01-01. */
  static String date(int days) {
    if (days == Integer.MAX_VALUE || days == Integer.MIN_VALUE) {
      return days < 0 ? "-infinity" : "infinity";
    }
    LocalDate date = LocalDate.ofEpochDay((long) days + EPOCH_DAY);
    return day(date) + era(date);
  }

  /** A time of day: µs since midnight, up to 24:00:00. */
  static String time(long micros) {
    long seconds = micros / MICROS_PER_SECOND;
    String text =
        padded(seconds / 3600, 2)
            + ':'
            + padded(seconds / 60 % 60, 2)
            + ':'
            + padded(seconds % 60, 2);
    long fraction = micros % MICROS_PER_SECOND;
    if (fraction == 0) {
      return text;
    }
    int digits = 6;
    for (; fraction % 10 == 0; digits--) {
      fraction /= 10;
    }
    return text + '.' + padded(fraction, digits);
  }

  /** A timestamp: µs since 2000-01-01; the zone is written behind it. */
  static String timestamp(long micros, String zone) {
    if (micros == Long.MAX_VALUE || micros == Long.MIN_VALUE) {
      return micros < 0 ? "-infinity" : "infinity";
    }
    LocalDate date = LocalDate.ofEpochDay(Math.floorDiv(micros, MICROS_PER_DAY) + EPOCH_DAY);
    return day(date) + 'T' + time(Math.floorMod(micros, MICROS_PER_DAY)) + zone + era(date);
  }

  private static String day(LocalDate date) {
    int year = date.getYear();
    return padded(year > 0 ? year : 1 - year, 4)
        + '-'
        + padded(date.getMonthValue(), 2)
        + '-'
        + padded(date.getDayOfMonth(), 2);
  }

  private static String era(LocalDate date) {
    return date.getYear() > 0 ? "" : " BC";
  }
}
