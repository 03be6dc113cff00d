package dev.quicksilver.bridge.types;

import java.math.BigInteger;

/** An interval: its three parts are kept apart, as PostgreSQL does. */
public record Interval(int months, int days, long micros) implements Comparable<Interval> {
  static final long MICROS_PER_DAY = 86_400_000_000L;

  /** A month counts as 30 days and a day as 24 hours. */
  @Override
  public int compareTo(Interval other) {
    return span().compareTo(other.span());
  }

  /** Intervals that compare equal are equal for grouping, whatever their parts. */
  public BigInteger span() {
    return BigInteger.valueOf(months * 30L + days)
        .multiply(BigInteger.valueOf(MICROS_PER_DAY))
        .add(BigInteger.valueOf(micros));
  }
}
