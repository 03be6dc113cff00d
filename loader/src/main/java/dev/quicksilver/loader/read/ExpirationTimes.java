package dev.quicksilver.loader.read;

import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes the expiration times off values (Kyoto Tycoon, {@code kttimeddb.h}). A record has expired
 * when its time is before the moment that is asked for, in whole seconds, as a Tycoon sees it. Not
 * thread-safe.
 */
final class ExpirationTimes {
  private static final int WIDTH = 5;
  private static final long NEVER = (1L << 40) - 1;

  /**
   * What can be a time: from September 2001, before there was a Tycoon, to the year 4147. Text and
   * most numbers cannot, so that values without a time are noticed.
   */
  private static final long FIRST = 1_000_000_000;

  private static final long LAST = 1L << 36;

  /** The year 2106: what almost all times are before. */
  private static final long SOON = 1L << 32;

  private final Expiry expiry;
  private boolean first = true;
  private long past;
  private long future;

  ExpirationTimes(Expiry expiry) {
    this.expiry = expiry;
  }

  /** What {@link #apply} makes of a value: one of both is null; neither is there if it expired. */
  record Result(byte @Nullable [] value, @Nullable String problem) {}

  /**
   * Takes the time off a value.
   *
   * @param unit what the source is counted in, as "line", and
   * @param number where the record is, for messages
   * @throws SourceException if the value has a time and nobody has said so
   */
  Result apply(byte[] value, String unit, long number) throws SourceException {
    return switch (expiry) {
      case Expiry.None _ -> new Result(value, null);
      case Expiry.Unsaid _ -> {
        if (looksTimed(value)) {
          throw new SourceException(
              unit
                  + " "
                  + number
                  + ": the value begins like one of a Kyoto Tycoon, with when it expires ("
                  + (time(value) == NEVER
                      ? "5 bytes FF, never"
                      : Instant.ofEpochSecond(time(value)))
                  + "). --expiry and the moment of the dump, as 2026-05-01T12:00:00Z, take such"
                  + " times off and leave out what had expired; --expiry none loads values as they"
                  + " stand");
        }
        first = false;
        yield new Result(value, null);
      }
      case Expiry.At at -> apply(value, at.moment());
    };
  }

  /** Five bytes FF are no chance; a likely time is one in every 300 values of random bytes. */
  private boolean looksTimed(byte[] value) {
    if (value.length < WIDTH) {
      return false;
    }
    long time = time(value);
    return time == NEVER || (first && time >= FIRST && time < SOON);
  }

  private Result apply(byte[] value, Instant moment) {
    if (value.length < WIDTH) {
      return new Result(
          null,
          "its value has no expiration time, for which it is too short: was the Tycoon's database"
              + " a persistent one, without times (--expiry none)?");
    }
    long time = time(value);
    if (time != NEVER) {
      if (time < FIRST || time >= LAST) {
        return new Result(
            null,
            "its value begins with no likely expiration time (it would be second "
                + time
                + " since 1970): are there none (--expiry none)?");
      }
      if (time < moment.getEpochSecond()) {
        past++;
        return new Result(null, null);
      }
      future++;
    }
    return new Result(Arrays.copyOfRange(value, WIDTH, value.length), null);
  }

  private static long time(byte[] value) {
    long time = 0;
    for (int i = 0; i < WIDTH; i++) {
      time = time << 8 | (value[i] & 0xff);
    }
    return time;
  }

  Expirations count() {
    return new Expirations(past, future);
  }
}
