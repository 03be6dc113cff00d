package dev.quicksilver.replication;

import java.util.ArrayList;
import java.util.List;

/**
 * Primaries in order, then secondaries; remembers what happened in the current round. One thread.
 */
final class UpstreamList {
  private static final int PATIENT_ROUNDS = 5;

  private final List<Upstream> ordered;
  private final List<Refusal> snapshotsNeeded = new ArrayList<>();
  private int roundsLackingHistory;
  private int at;

  UpstreamList(List<Upstream> upstreams) {
    this.ordered = Upstream.inOrder(upstreams);
  }

  Upstream current() {
    return ordered.get(at);
  }

  /** Moves on after a failure; returns false when the round is over and begins the next one. */
  boolean advance() {
    at++;
    if (at < ordered.size()) {
      return true;
    }
    roundsLackingHistory = snapshotsNeeded.isEmpty() ? 0 : roundsLackingHistory + 1;
    startRound();
    return false;
  }

  /**
   * Notes that the current upstream lacks the history. Returns whether in this round all of them
   * do, or this one after rounds in which the others could not be asked.
   */
  boolean lacksHistory(Refusal refusal) {
    snapshotsNeeded.add(refusal);
    return snapshotsNeeded.size() == ordered.size() || roundsLackingHistory >= PATIENT_ROUNDS;
  }

  /** Goes back to the most preferred one. */
  void startRound() {
    at = 0;
    snapshotsNeeded.clear();
  }
}
