package dev.quicksilver.replication;

import java.util.List;
import java.util.Optional;

/**
 * Primaries in order, then secondaries: which of them is followed, or asked next, and what came of
 * asking each. One that refused finally, or contradicted the copy, is left out for a while,
 * whatever becomes of the others: by then somebody may have cured the cause. Thread-safe; only the
 * follower's thread changes which one is current.
 */
final class UpstreamList {
  /** Where a refusal by the current upstream leads. */
  enum Verdict {
    /** Another one may still help, in this round or a later one. */
    NEXT,
    /** None that would serve this node has its history in the log. */
    NO_HISTORY,
    /** All of them have refused finally; see {@link #untilAsked}. */
    NOBODY
  }

  private static final int PATIENT_ROUNDS = 5;

  private static final class Candidate {
    private final Upstream upstream;
    private UpstreamStatus.Result result = UpstreamStatus.Result.NOT_ASKED;
    private String node = "";
    private long lastSequence;
    private String detail = "";
    private Optional<Refusal> refusedFinally = Optional.empty();
    private boolean leftOut;
    private long askAgainAt;
    private boolean lacksHistory;

    Candidate(Upstream upstream) {
      this.upstream = upstream;
    }

    /** It has answered, or not at all: whether it would refuse is not known any more. */
    void askable() {
      refusedFinally = Optional.empty();
      leftOut = false;
    }

    UpstreamStatus status() {
      return new UpstreamStatus(upstream, result, node, lastSequence, detail);
    }
  }

  private final List<Candidate> ordered;
  private final SlowPace pace;
  private final Ticker ticker;
  private int roundsLackingHistory;
  private int at;
  private Optional<Refusal> refusal = Optional.empty();

  /** Takes the pace at which those are asked again that have refused finally. */
  UpstreamList(List<Upstream> upstreams, SlowPace pace, Ticker ticker) {
    this.ordered = Upstream.inOrder(upstreams).stream().map(Candidate::new).toList();
    this.pace = pace;
    this.ticker = ticker;
  }

  synchronized Upstream current() {
    return ordered.get(at).upstream;
  }

  /** Moves on after a failure; returns false when the round is over and begins the next one. */
  synchronized boolean advance() {
    at = askedFrom(at + 1);
    if (at < ordered.size()) {
      return true;
    }
    boolean lacking = ordered.stream().anyMatch(one -> one.lacksHistory);
    roundsLackingHistory = lacking ? roundsLackingHistory + 1 : 0;
    startRound();
    return false;
  }

  /** Notes that an upstream would serve this node. */
  synchronized void answered(
      Upstream upstream, UpstreamStatus.Result result, String node, long lastSequence) {
    Candidate one = of(upstream);
    one.result = result;
    one.node = node;
    one.lastSequence = lastSequence;
    one.detail = "";
    one.askable();
    refusal = standing();
  }

  /**
   * Notes what a probe of an upstream brought. It does not say whether one that is left out would
   * accept this node now.
   *
   * @param problem why it could not serve this node; empty if it could
   */
  synchronized void probed(Upstream upstream, long lastSequence, String problem) {
    Candidate one = of(upstream);
    if (problem.isEmpty()) {
      one.lastSequence = lastSequence;
    }
    if (!one.leftOut && one.result != UpstreamStatus.Result.FOLLOWED) {
      one.result = problem.isEmpty() ? UpstreamStatus.Result.WELL : UpstreamStatus.Result.FAILED;
      one.detail = problem;
    }
  }

  /** Makes another one current, since it serves this node from now on. */
  synchronized void moveTo(Upstream upstream) {
    ordered.get(at).result = UpstreamStatus.Result.WELL;
    at = ordered.indexOf(of(upstream));
  }

  /** Notes that an upstream could not be reached, or that the connection to it broke. */
  synchronized void failed(Upstream upstream, String why) {
    Candidate one = of(upstream);
    one.result = UpstreamStatus.Result.FAILED;
    one.detail = why;
    one.askable();
  }

  /** Notes that following an upstream failed in a way that cannot be other if it is asked soon. */
  synchronized void leaveOut(Upstream upstream, String why) {
    Candidate one = of(upstream);
    one.result = UpstreamStatus.Result.LEFT_OUT;
    one.detail = why;
    one.refusedFinally = Optional.empty();
    leaveOut(one);
  }

  private void leaveOut(Candidate one) {
    one.leftOut = true;
    one.askAgainAt = ticker.nanos() + pace.next();
  }

  /**
   * Notes a refusal by the current upstream, and says where it leads.
   *
   * @param isFinal whether to leave it out
   */
  synchronized Verdict refused(Refusal given, boolean isFinal) {
    Candidate one = ordered.get(at);
    note(one, given, isFinal);
    refusal = Optional.of(given);
    boolean lacking = given.code() == RefusalCode.SNAPSHOT_NEEDED;
    one.lacksHistory |= lacking;
    boolean nobodyLeft =
        ordered.stream().allMatch(c -> c.lacksHistory || c.refusedFinally.isPresent());
    if (lacking && (nobodyLeft || roundsLackingHistory >= PATIENT_ROUNDS)) {
      return Verdict.NO_HISTORY;
    }
    if (!nobodyLeft) {
      return Verdict.NEXT;
    }
    boolean someServe = ordered.stream().anyMatch(c -> c.refusedFinally.isEmpty());
    return someServe ? Verdict.NO_HISTORY : Verdict.NOBODY;
  }

  /** Notes a refusal by another one than the current. */
  synchronized void refusedBy(Upstream upstream, Refusal given, boolean isFinal) {
    note(of(upstream), given, isFinal);
    refusal = standing();
  }

  private void note(Candidate one, Refusal given, boolean isFinal) {
    one.result = isFinal ? UpstreamStatus.Result.LEFT_OUT : UpstreamStatus.Result.REFUSED;
    one.detail = given.code() + ": " + given.message();
    if (isFinal) {
      one.refusedFinally = Optional.of(given);
      leaveOut(one);
    }
  }

  /** Says whether an upstream has refused for this reason last time, too. */
  synchronized boolean hasRefused(Upstream upstream, RefusalCode code) {
    return of(upstream).refusedFinally.filter(given -> given.code() == code).isPresent();
  }

  /** Returns the final refusal of the most preferred upstream that is left out, if there is one. */
  synchronized Optional<Refusal> standing() {
    return ordered.stream().flatMap(one -> one.refusedFinally.stream()).findFirst();
  }

  /**
   * Returns the last refusal, until an upstream serves this node; from then on what is {@link
   * #standing}.
   */
  synchronized Optional<Refusal> refusal() {
    return refusal;
  }

  /** Notes that there is another copy, of which nobody has said anything yet. */
  synchronized void forgetRefusal() {
    refusal = Optional.empty();
  }

  /** Goes back to the most preferred one that may be asked; to the first if none may be yet. */
  synchronized void startRound() {
    ordered.forEach(one -> one.lacksHistory = false);
    int first = askedFrom(0);
    at = first == ordered.size() ? 0 : first;
  }

  /** Returns in how many ns the first upstream may be asked; 0 if one may be now. */
  synchronized long untilAsked() {
    long now = ticker.nanos();
    return ordered.stream()
        .mapToLong(one -> !one.leftOut ? 0 : Math.max(0, one.askAgainAt - now))
        .min()
        .orElse(0);
  }

  private int askedFrom(int index) {
    long now = ticker.nanos();
    int next = index;
    while (next < ordered.size() && isLeftOut(ordered.get(next), now)) {
      next++;
    }
    return next;
  }

  private static boolean isLeftOut(Candidate one, long now) {
    return one.leftOut && one.askAgainAt - now > 0;
  }

  private Candidate of(Upstream upstream) {
    return ordered.stream().filter(one -> one.upstream.equals(upstream)).findFirst().orElseThrow();
  }

  /** Returns what came of asking each, in the order of preference. */
  synchronized List<UpstreamStatus> status() {
    return ordered.stream().map(Candidate::status).toList();
  }
}
