package dev.quicksilver.bridge.types;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * PostgreSQL's numeric: a decimal with display scale, NaN or an infinity. Scales of results follow
 * numeric.c. NaN equals itself and is larger than everything.
 */
public final class Numeric implements Comparable<Numeric> {
  /** Not a number. */
  public static final Numeric NAN = new Numeric(BigDecimal.ZERO, 2);

  /** Plus infinity. */
  public static final Numeric INFINITY = new Numeric(BigDecimal.ZERO, 1);

  /** Minus infinity. */
  public static final Numeric NEGATIVE_INFINITY = new Numeric(BigDecimal.ZERO, -1);

  /** Zero with scale 0. */
  public static final Numeric ZERO = of(0);

  private static final int MIN_SIGNIFICANT_DIGITS = 16;
  private static final int MAX_DISPLAY_SCALE = 1000;

  private final BigDecimal value;

  /** 0 finite, 1 and -1 the infinities, 2 NaN. */
  private final int special;

  private Numeric(BigDecimal value, int special) {
    this.value = value;
    this.special = special;
  }

  /** A finite value; a negative scale becomes 0. */
  public static Numeric of(BigDecimal value) {
    return new Numeric(value.scale() < 0 ? value.setScale(0) : value, 0);
  }

  /** An integer. */
  public static Numeric of(long value) {
    return new Numeric(BigDecimal.valueOf(value), 0);
  }

  /** An integer of any size. */
  public static Numeric of(BigInteger value) {
    return new Numeric(new BigDecimal(value), 0);
  }

  /** A double with 15 significant digits, as PostgreSQL's cast does; a float with 6. */
  public static Numeric ofDouble(double value, int digits) {
    if (Double.isNaN(value)) {
      return NAN;
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? INFINITY : NEGATIVE_INFINITY;
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new java.math.MathContext(digits, RoundingMode.HALF_EVEN));
    BigDecimal stripped = rounded.signum() == 0 ? BigDecimal.ZERO : rounded.stripTrailingZeros();
    return of(stripped);
  }

  /** Reads PostgreSQL's text form. */
  public static Numeric parse(String text) {
    String trimmed = text.strip();
    switch (trimmed.toLowerCase(java.util.Locale.ROOT)) {
      case "nan" -> {
        return NAN;
      }
      case "infinity", "inf", "+infinity", "+inf" -> {
        return INFINITY;
      }
      case "-infinity", "-inf" -> {
        return NEGATIVE_INFINITY;
      }
      default -> {
        try {
          return of(new BigDecimal(trimmed));
        } catch (NumberFormatException e) {
          throw PgException.of(
              SqlState.INVALID_TEXT_REPRESENTATION,
              "invalid input syntax for type numeric: \"" + text + "\"",
              e);
        }
      }
    }
  }

  /** Whether it is neither NaN nor infinite. */
  public boolean isFinite() {
    return special == 0;
  }

  /** Whether it is NaN. */
  public boolean isNaN() {
    return special == 2;
  }

  /** The finite value. */
  public BigDecimal value() {
    return value;
  }

  /** -1, 0 or 1; 1 for NaN. */
  public int signum() {
    return special == 0 ? value.signum() : special == -1 ? -1 : 1;
  }

  /** Sum; the larger display scale. */
  public Numeric add(Numeric other) {
    if (special == 0 && other.special == 0) {
      return of(value.add(other.value));
    }
    if (isNaN() || other.isNaN() || special * other.special == -1) {
      return NAN;
    }
    return special != 0 ? this : other;
  }

  /** Difference. */
  public Numeric subtract(Numeric other) {
    return add(other.negate());
  }

  /** The opposite; NaN stays. */
  public Numeric negate() {
    return switch (special) {
      case 0 -> of(value.negate());
      case 1 -> NEGATIVE_INFINITY;
      case -1 -> INFINITY;
      default -> this;
    };
  }

  /** Product; the scales add up. */
  public Numeric multiply(Numeric other) {
    if (special == 0 && other.special == 0) {
      BigDecimal product = value.multiply(other.value);
      return of(
          product.scale() > 16_383 ? product.setScale(16_383, RoundingMode.HALF_UP) : product);
    }
    int sign = signum() * other.signum();
    if (isNaN() || other.isNaN() || sign == 0) {
      return NAN;
    }
    return sign > 0 ? INFINITY : NEGATIVE_INFINITY;
  }

  /** Quotient with the scale that PostgreSQL's select_div_scale picks. */
  public Numeric divide(Numeric other) {
    if (isNaN() || other.isNaN()) {
      return NAN;
    }
    if (other.special == 0 && other.value.signum() == 0) {
      throw PgException.of(SqlState.DIVISION_BY_ZERO, "division by zero");
    }
    if (special != 0) {
      return other.special != 0
          ? NAN
          : signum() * other.signum() > 0 ? INFINITY : NEGATIVE_INFINITY;
    }
    if (other.special != 0) {
      return ZERO;
    }
    return divide(other, divisionScale(other));
  }

  /** Quotient of finite values, rounded half away from zero to the scale. */
  public Numeric divide(Numeric other, int scale) {
    return of(value.divide(other.value, scale, RoundingMode.HALF_UP));
  }

  /** The display scale of this / other. */
  public int divisionScale(Numeric other) {
    int weight = weight(value) - weight(other.value);
    if (firstDigit(value).compareTo(firstDigit(other.value)) <= 0) {
      weight--;
    }
    int scale = MIN_SIGNIFICANT_DIGITS - weight * 4;
    scale = Math.max(Math.max(scale, Math.max(value.scale(), other.value.scale())), 0);
    return Math.min(scale, MAX_DISPLAY_SCALE);
  }

  /** The exponent of the first digit in base 10000. */
  public static int weight(BigDecimal value) {
    return value.signum() == 0 ? 0 : Math.floorDiv(value.precision() - value.scale() - 1, 4);
  }

  private static BigInteger firstDigit(BigDecimal value) {
    return value.abs().movePointLeft(weight(value) * 4).toBigInteger();
  }

  /** Remainder with the sign of the dividend. */
  public Numeric remainder(Numeric other) {
    if (isNaN() || other.isNaN()) {
      return NAN;
    }
    if (other.special == 0 && other.value.signum() == 0) {
      throw PgException.of(SqlState.DIVISION_BY_ZERO, "division by zero");
    }
    if (special != 0) {
      return NAN;
    }
    if (other.special != 0) {
      return this;
    }
    int scale = Math.max(value.scale(), other.value.scale());
    return of(value.remainder(other.value).setScale(scale));
  }

  /** Rounded half away from zero to the scale. */
  public Numeric round(int scale) {
    if (special != 0) {
      return this;
    }
    BigDecimal rounded = value.setScale(scale, RoundingMode.HALF_UP);
    return of(scale < 0 ? rounded.setScale(0) : rounded);
  }

  /** As a double; infinities and NaN carry over. */
  public double toDouble() {
    return switch (special) {
      case 0 -> value.doubleValue();
      case 1 -> Double.POSITIVE_INFINITY;
      case -1 -> Double.NEGATIVE_INFINITY;
      default -> Double.NaN;
    };
  }

  /** Rounded to an integer within the bounds, else "… out of range". */
  public long toLong(long min, long max, String type) {
    if (special != 0) {
      throw PgException.of(
          SqlState.FEATURE_NOT_SUPPORTED,
          "cannot convert " + (isNaN() ? "NaN" : "infinity") + " to " + type);
    }
    BigInteger rounded = value.setScale(0, RoundingMode.HALF_UP).toBigInteger();
    if (rounded.compareTo(BigInteger.valueOf(min)) < 0
        || rounded.compareTo(BigInteger.valueOf(max)) > 0) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, type + " out of range");
    }
    return rounded.longValue();
  }

  @Override
  public int compareTo(Numeric other) {
    if (special == 0 && other.special == 0) {
      return value.compareTo(other.value);
    }
    return Integer.compare(special, other.special);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Numeric that && compareTo(that) == 0;
  }

  @Override
  public int hashCode() {
    return special != 0 ? special : value.signum() == 0 ? 0 : value.stripTrailingZeros().hashCode();
  }

  @Override
  public String toString() {
    return switch (special) {
      case 0 -> value.toPlainString();
      case 1 -> "Infinity";
      case -1 -> "-Infinity";
      default -> "NaN";
    };
  }
}
