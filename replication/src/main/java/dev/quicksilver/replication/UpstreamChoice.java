package dev.quicksilver.replication;

import java.time.Duration;

/**
 * When a follower leaves an upstream that serves it for another one. All are probed meanwhile.
 *
 * @param probePause the longest pause between two probes of an upstream that answers; shortened at
 *     random by up to a half. Doubles while it does not answer, up to 12 times as much
 * @param wellFor how long a preferred upstream has to answer well before the follower returns to
 *     it; doubles, up to 32 times, when it was left again soon after
 * @param aheadFor how long another upstream has to have entries that the one that is followed does
 *     not send, before the follower moves there
 */
public record UpstreamChoice(Duration probePause, Duration wellFor, Duration aheadFor) {
  /**
   * Probes at least every 5 s, returns after 10 s, leaves an upstream that is behind after 30 s.
   */
  public static final UpstreamChoice DEFAULT =
      new UpstreamChoice(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30));

  /** Returns the same that returns after another time. */
  public UpstreamChoice withWellFor(Duration other) {
    return new UpstreamChoice(probePause, other, aheadFor);
  }

  /** Returns the same that leaves an upstream that is behind after another time. */
  public UpstreamChoice withAheadFor(Duration other) {
    return new UpstreamChoice(probePause, wellFor, other);
  }
}
