package dev.quicksilver.replication;

import dev.quicksilver.replication.FollowerPhase.BackingOff;
import dev.quicksilver.replication.FollowerPhase.Connecting;
import dev.quicksilver.replication.FollowerPhase.Copying;
import dev.quicksilver.replication.FollowerPhase.Diverged;
import dev.quicksilver.replication.FollowerPhase.Ended;
import dev.quicksilver.replication.FollowerPhase.Refused;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what a follower does next, after whatever may happen to it, and notes what the next
 * decision depends on: what came of asking the upstream that is the current one, how long all have
 * failed, what contradicted the copy. Opens and copies nothing itself. For the follower's thread.
 */
final class NextPhase {
  private static final Logger LOG = LoggerFactory.getLogger(NextPhase.class);

  /** Where to go, and why. */
  record Step(FollowerPhase to, String why) {}

  private final String name;
  private final ReplicationConfig config;
  private final UpstreamList upstreams;
  private final Divergence divergence;
  private final BackOff backOff;
  private final Ticker ticker;

  /** Random numbers are from 0 to 1. */
  NextPhase(
      String name,
      ReplicationConfig config,
      UpstreamList upstreams,
      Divergence divergence,
      DoubleSupplier random,
      Ticker ticker) {
    this.name = name;
    this.config = config;
    this.upstreams = upstreams;
    this.divergence = divergence;
    this.backOff = new BackOff(config.minBackOff(), config.maxBackOff(), random);
    this.ticker = ticker;
  }

  /** Asks the upstream that is the current one. */
  Connecting connecting() {
    return new Connecting(new UpstreamLink(upstreams.current(), config.transport()));
  }

  /** All is well: the next failure is the first one again. */
  void well(long commits) {
    backOff.reset();
    divergence.well(commits);
  }

  /** The current upstream could not be reached or did not go on, or nothing came of it here. */
  Step afterFailure(String why) {
    upstreams.failed(upstreams.current(), why);
    return toTheNext(why);
  }

  private Step toTheNext(String why) {
    return new Step(upstreams.advance() ? connecting() : backingOff(), why);
  }

  /** A bug, or too little memory: whatever an upstream has sent, it is not the end. */
  Step afterError(Throwable e) {
    String why = "internal error: " + e + "; the log says where";
    upstreams.leaveOut(upstreams.current(), why);
    return new Step(backingOff(), why);
  }

  /** The current upstream refuses. */
  Step afterRefusal(Refusal given) {
    Upstream upstream = upstreams.current();
    String why = "upstream " + upstream + " refused: " + given.code() + ": " + given.message();
    boolean isFinal = isFinal(given);
    if (isFinal && !upstreams.hasRefused(upstream, given.code())) {
      LOG.warn("database {}: {}", name, why);
    }
    return switch (upstreams.refused(given, isFinal)) {
      case NEXT -> toTheNext(why);
      case NO_HISTORY -> withoutHistory(why);
      case NOBODY -> new Step(refused(), why);
    };
  }

  private Step withoutHistory(String why) {
    if (config.stopSequences().containsKey(name)) {
      upstreams.leaveOut(upstreams.current(), why);
      return new Step(refused(), why);
    }
    if (divergence.waits()) {
      upstreams.leaveOut(upstreams.current(), why);
      return new Step(diverged(), divergence.contradiction() + "; and now " + why);
    }
    return new Step(Copying.BEGUN, why);
  }

  /** Another upstream than the current one refuses, which serves on. */
  void refusedBy(Upstream other, Refusal given) {
    upstreams.refusedBy(other, given, isFinal(given));
  }

  private boolean isFinal(Refusal given) {
    // A database that was dropped and created again has another id until the catalog, which alone
    // says what is right, has caught up here or there. Its own id is checked when it is followed.
    boolean superseded =
        given.code() == RefusalCode.WRONG_DATABASE && !name.equals(CatalogPair.CATALOG);
    return given.code().isFinal() && !superseded;
  }

  /**
   * The current upstream has contradicted the copy.
   *
   * @param node its name
   * @param commits how many there have been since the start
   */
  Step afterContradiction(String node, StorageException e, long commits) {
    upstreams.leaveOut(upstreams.current(), e.code() + ": " + e.getMessage());
    String why = divergence.happened(node, String.valueOf(e.getMessage()), commits);
    return new Step(diverged(), why);
  }

  /** A round over all peers is over. */
  Step afterCopy(Bootstrap.Result result) {
    upstreams.startRound();
    if (!result.used()) {
      return new Step(backingOff(), result.why());
    }
    divergence.replaced();
    upstreams.forgetRefusal();
    backOff.reset();
    return new Step(connecting(), result.why());
  }

  /**
   * The current upstream has sent all that it would.
   *
   * @param node its name
   */
  Step afterEnd(End end, String node) {
    return end.reason() == EndReason.DATABASE_DROPPED
        ? afterFailure("database dropped at " + node)
        : new Step(new Ended(), "stopped at sequence " + end.lastSequence() + " as configured");
  }

  /** It is time to ask again. */
  Connecting afterWait() {
    upstreams.startRound();
    return connecting();
  }

  private BackingOff backingOff() {
    return new BackingOff(in(Math.max(backOff.next(), upstreams.untilAsked())));
  }

  private Refused refused() {
    return new Refused(in(upstreams.untilAsked()));
  }

  /** The upstream may be the wrong one, and be corrected; another one may know better. */
  private Diverged diverged() {
    long untilAsked = upstreams.untilAsked();
    if (!divergence.copies()) {
      return new Diverged(in(untilAsked), false);
    }
    long untilCopy = divergence.untilCopy();
    return new Diverged(in(Math.min(untilAsked, untilCopy)), untilCopy == 0);
  }

  private long in(long nanos) {
    return ticker.nanos() + nanos;
  }
}
