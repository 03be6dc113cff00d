package dev.quicksilver.loader.read;

import java.time.Instant;

/**
 * Whether the values of a source begin with an expiration time, as those in a Kyoto Tycoon's files
 * do: 5 bytes, seconds since 1970, the highest first, all bits set for never.
 */
public sealed interface Expiry {
  /**
   * Nobody has said it. A {@link Format#KTSS} then has the times, and what had expired when it was
   * written is left out. Other sources have none; one whose first value looks as if it had one, or
   * any as if it had that for never, ends there.
   */
  record Unsaid() implements Expiry {}

  /** They have none: values are loaded as they stand. */
  record None() implements Expiry {}

  /** They have one, which is taken off; records that had expired at a moment are left out. */
  record At(Instant moment) implements Expiry {}
}
