package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Of any bits, the digits read back, no fewer would do, and no others as few are nearer. */
final class ShortestDecimalPropertiesTest {
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  @Property(tries = 5_000)
  void doublesOfAnyBits(@ForAll long bits) {
    check(Double.longBitsToDouble(bits));
  }

  @Property(tries = 5_000)
  void floatsOfAnyBits(@ForAll int bits) {
    check(Float.intBitsToFloat(bits));
  }

  /** Halfway points are short decimals only here. */
  @Property(tries = 5_000)
  void doublesBesideShortDecimals(
      @ForAll @IntRange(min = 1, max = 99_999) int digits,
      @ForAll @IntRange(min = -330, max = 308) int exponent,
      @ForAll @IntRange(min = -2, max = 2) int neighbour) {
    double near = Double.parseDouble(digits + "e" + exponent);
    check(Double.longBitsToDouble(Double.doubleToLongBits(near) + neighbour));
  }

  @Property(tries = 5_000)
  void floatsBesideShortDecimals(
      @ForAll @IntRange(min = 1, max = 99_999) int digits,
      @ForAll @IntRange(min = -50, max = 38) int exponent,
      @ForAll @IntRange(min = -2, max = 2) int neighbour) {
    float near = Float.parseFloat(digits + "e" + exponent);
    check(Float.intBitsToFloat(Float.floatToIntBits(near) + neighbour));
  }

  @Example
  void theSmallestOfAll() {
    for (int bits = 0; bits < 5_000; bits++) {
      check(Double.longBitsToDouble(bits));
      check(Float.intBitsToFloat(bits));
    }
  }

  @Example
  void powersOfTwoWhoseNeighbourBelowIsNearer() {
    for (int exponent = Double.MIN_EXPONENT - 52; exponent <= Double.MAX_EXPONENT; exponent++) {
      check(Math.scalb(1.0, exponent));
      check(Math.scalb(1.0f, exponent));
    }
  }

  private static void check(double value) {
    if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
      return;
    }
    String text = PostgresText.float8(value);
    assertThat(Double.parseDouble(text)).as(text).isEqualTo(value);
    double magnitude = Math.abs(value);
    check(text, magnitude, Math.nextDown(magnitude), Math.ulp(magnitude));
  }

  private static void check(float value) {
    if (value == 0 || Float.isNaN(value) || Float.isInfinite(value)) {
      return;
    }
    String text = PostgresText.float4(value);
    assertThat(Float.parseFloat(text)).as(text).isEqualTo(value);
    float magnitude = Math.abs(value);
    check(text, magnitude, Math.nextDown(magnitude), Math.ulp(magnitude));
  }

  private static void check(String text, double value, double neighbour, double ulp) {
    BigDecimal exact = new BigDecimal(value);
    BigDecimal low = exact.add(new BigDecimal(neighbour)).divide(TWO);
    BigDecimal high = exact.add(exact.add(new BigDecimal(ulp))).divide(TWO);
    BigDecimal written = new BigDecimal(text).abs().stripTrailingZeros();
    assertThat(written).as(text).isStrictlyBetween(low, high);
    int digits = written.precision();
    if (digits > 1) {
      for (RoundingMode mode : new RoundingMode[] {RoundingMode.DOWN, RoundingMode.UP}) {
        BigDecimal shorter = exact.round(new MathContext(digits - 1, mode));
        assertThat(low.compareTo(shorter) < 0 && shorter.compareTo(high) < 0)
            .as("%s would do for %s", shorter, text)
            .isFalse();
      }
    }
    for (RoundingMode mode : new RoundingMode[] {RoundingMode.DOWN, RoundingMode.UP}) {
      BigDecimal other = exact.round(new MathContext(digits, mode));
      if (low.compareTo(other) < 0 && other.compareTo(high) < 0) {
        assertThat(written.subtract(exact).abs())
            .as("%s is nearer than %s", other, text)
            .isLessThanOrEqualTo(other.subtract(exact).abs());
      }
    }
  }
}
