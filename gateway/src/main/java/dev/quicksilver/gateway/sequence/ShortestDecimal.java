package dev.quicksilver.gateway.sequence;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * The fewest decimal digits between a binary floating-point number's halfway points to its
 * neighbours and, among as few, the nearest: what PostgreSQL writes (Ryu in d2s.c and f2s.c).
 *
 * <p>Java looks for the same, but for two things: it writes two digits where one will do (4.9E-324,
 * not 5e-324), and it takes a halfway point itself if that reads back as an even neighbour (1.0E23,
 * which is halfway, for 9.999999999999999e+22). PostgreSQL leaves halfway points alone, as not
 * every reader rounds them so (STRICTLY_SHORTEST in ryu_common.h). Stateless.
 */
final class ShortestDecimal {
  /** Above this many times the smallest number, no decimal of one digit is as near as needed. */
  private static final int ONE_DIGIT_MAY_DO = 128;

  /** Below, a number is shorter itself than the halfway points beside it. */
  private static final double DOUBLE_INTEGERS = 0x1p53;

  private static final float FLOAT_INTEGERS = 0x1p24f;

  private ShortestDecimal() {}

  /** The digits of a number that is finite and above 0. */
  static BigDecimal of(double value) {
    BigDecimal java = new BigDecimal(Double.toString(value));
    if (value > ONE_DIGIT_MAY_DO * Double.MIN_VALUE && value < DOUBLE_INTEGERS) {
      return java.stripTrailingZeros();
    }
    return shortest(java, value, value - Math.nextDown(value), Math.ulp(value));
  }

  /** The digits of a number that is finite and above 0. */
  static BigDecimal of(float value) {
    BigDecimal java = new BigDecimal(Float.toString(value));
    if (value > ONE_DIGIT_MAY_DO * Float.MIN_VALUE && value < FLOAT_INTEGERS) {
      return java.stripTrailingZeros();
    }
    return shortest(java, value, value - Math.nextDown(value), Math.ulp(value));
  }

  /** The gaps to the neighbours are powers of two, and so is a difference of neighbours exact. */
  private static BigDecimal shortest(BigDecimal java, double value, double below, double above) {
    BigDecimal exact = new BigDecimal(value);
    BigDecimal half = new BigDecimal("0.5");
    BigDecimal low = exact.subtract(new BigDecimal(below).multiply(half));
    BigDecimal high = exact.add(new BigDecimal(above).multiply(half));
    BigDecimal found = java.stripTrailingZeros();
    if (found.precision() > 2 && isBetween(low, found, high)) {
      return found;
    }
    for (int digits = 1; ; digits++) {
      // The nearest first; beside a power of two it may be too far off below, but not above.
      for (RoundingMode mode : new RoundingMode[] {RoundingMode.HALF_EVEN, RoundingMode.UP}) {
        BigDecimal rounded = exact.round(new MathContext(digits, mode));
        if (isBetween(low, rounded, high)) {
          return rounded.stripTrailingZeros();
        }
      }
    }
  }

  private static boolean isBetween(BigDecimal low, BigDecimal decimal, BigDecimal high) {
    return low.compareTo(decimal) < 0 && decimal.compareTo(high) < 0;
  }
}
