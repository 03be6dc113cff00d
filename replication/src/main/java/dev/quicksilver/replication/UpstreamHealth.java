package dev.quicksilver.replication;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides when the follower of one database leaves an upstream that serves it: for a preferred one
 * that has answered well for some time, or for one that has had entries for some time that the
 * current one does not send. Times are in ns of one {@link Ticker}. One thread.
 */
final class UpstreamHealth {
  /**
   * Where to go, and why.
   *
   * @param left whether it is the current one's fault
   */
  record Move(Upstream to, boolean left, String why) {}

  private static final int MOST_RELAPSES = 5;

  /** An upstream that served for this many times the time it took to return to it is steady. */
  private static final long STEADY = 10;

  private static final class Mark {
    private boolean well;
    private long wellSince;
    private boolean ripe;
    private boolean ahead;
    private long aheadAt;
    private long aheadSince;
    private int relapses;
  }

  private final long wellNanos;
  private final long aheadNanos;
  private final Map<Upstream, Mark> marks = new LinkedHashMap<>();
  private long followedSince;

  /** Takes the upstreams in the order of preference. */
  UpstreamHealth(UpstreamChoice choice, List<Upstream> ordered) {
    this.wellNanos = choice.wellFor().toNanos();
    this.aheadNanos = choice.aheadFor().toNanos();
    ordered.forEach(upstream -> marks.put(upstream, new Mark()));
  }

  private Mark of(Upstream upstream) {
    Mark mark = marks.get(upstream);
    if (mark == null) {
      throw new IllegalArgumentException("not an upstream: " + upstream);
    }
    return mark;
  }

  /** Notes that another upstream is followed from now on; the others have to prove themselves. */
  void followed(long now) {
    followedSince = now;
    marks.keySet().forEach(this::unwell);
  }

  /** Notes that the upstream that was followed, or tried, has failed: it has to prove itself. */
  void left(Upstream upstream, long now, boolean wasFollowed) {
    Mark mark = of(upstream);
    boolean steady = wasFollowed && now - followedSince >= STEADY * needed(mark);
    mark.relapses = steady ? 0 : Math.min(mark.relapses + 1, MOST_RELAPSES);
    unwell(upstream);
  }

  /** Notes that an upstream did not answer, or could not serve this node. */
  void unwell(Upstream upstream) {
    Mark mark = of(upstream);
    mark.well = false;
    mark.ripe = false;
    mark.ahead = false;
  }

  /**
   * Notes that an upstream answered and could serve this node.
   *
   * @param theirs the last sequence it has
   * @param ours the last sequence that is durable here
   */
  void well(Upstream upstream, long now, long theirs, long ours) {
    Mark mark = of(upstream);
    if (!mark.well) {
      mark.well = true;
      mark.wellSince = now;
    }
    mark.ripe = now - mark.wellSince >= needed(mark);
    if (!mark.ahead && theirs > ours) {
      mark.ahead = true;
      mark.aheadAt = theirs;
      mark.aheadSince = now;
    }
  }

  private long needed(Mark mark) {
    return wellNanos << mark.relapses;
  }

  /**
   * Says whether to leave an upstream that serves.
   *
   * @param ours the last sequence that is durable here
   * @param known the last sequence that the current one is known to have
   * @param catchingUp whether not all is here yet that it had when it was connected to: until then
   *     it may well have more than it is known to have
   */
  Optional<Move> move(Upstream current, long now, long ours, long known, boolean catchingUp) {
    boolean preferred = true;
    for (Map.Entry<Upstream, Mark> one : marks.entrySet()) {
      Mark mark = one.getValue();
      if (one.getKey().equals(current)) {
        preferred = false;
        continue;
      }
      if (catchingUp || Math.max(ours, known) >= mark.aheadAt) {
        mark.ahead = false;
      }
      if (preferred && mark.ripe) {
        return Optional.of(new Move(one.getKey(), false, "it is preferred, and well again"));
      }
    }
    return marks.entrySet().stream()
        .filter(one -> !one.getKey().equals(current))
        .filter(one -> one.getValue().ahead)
        .filter(one -> now - one.getValue().aheadSince >= aheadNanos << one.getValue().relapses)
        .findFirst()
        .map(
            one ->
                new Move(
                    one.getKey(),
                    true,
                    "it has sequence "
                        + one.getValue().aheadAt
                        + " for "
                        + (now - one.getValue().aheadSince) / 1_000_000
                        + " ms, "
                        + current
                        + " is still at "
                        + Math.max(ours, known)));
  }
}
