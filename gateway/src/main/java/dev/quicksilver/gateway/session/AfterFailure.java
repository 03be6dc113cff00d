package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.PostgresFailure;
import dev.quicksilver.gateway.session.SlotState.Failed;
import dev.quicksilver.gateway.session.SlotState.WaitingForPostgres;
import dev.quicksilver.gateway.session.SlotState.WaitingForSpace;
import dev.quicksilver.storage.lmdb.StorageException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;

/**
 * What a session does after a failure. A PostgreSQL that is away is tried again for ever, at longer
 * and longer intervals; one that answers with an error which nobody knows, a few times; a full disk
 * for ever; anything else is refused. Does nothing itself; for the session's thread.
 */
final class AfterFailure {
  static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  static final Duration SLOT_PAUSE = Duration.ofMillis(100);

  /** An unknown error that PostgreSQL gives so many times in a row, and nothing between, stays. */
  static final int MOST_ANSWERS = 5;

  /** What is to be done. */
  sealed interface Decision {
    /** Go there, for this reason. */
    record Move(SlotState to, String reason) implements Decision {}

    /** The slot is in use: where to go depends on by whom. */
    record AskWhoHoldsIt() implements Decision {}
  }

  private final LongSupplier nanoTime;
  private final LongUnaryOperator random;
  private Duration pause = FIRST_PAUSE;
  private int attempts;
  private long failingSince;
  private int answers;
  private long reached;

  /**
   * Makes one without failures.
   *
   * @param nanoTime monotonic time in ns
   * @param random gives a number from 0 up to a bound, exclusive; nodes that failed together do not
   *     try again together
   */
  AfterFailure(LongSupplier nanoTime, LongUnaryOperator random) {
    this.nanoTime = nanoTime;
    this.random = random;
  }

  /**
   * Decides.
   *
   * @param durableLsn up to where this node has come
   */
  Decision decide(Exception e, long durableLsn) {
    return switch (e) {
      case GatewayException refusal -> refuse(refusal);
      case StorageException failed
          when failed.code() == dev.quicksilver.storage.lmdb.ErrorCode.NO_SPACE ->
          new Decision.Move(
              new WaitingForSpace(
                  jittered(LONGEST_PAUSE), failed.code() + ": " + PostgresFailure.oneLine(failed)),
              PostgresFailure.oneLine(failed) + "; trying again until there is room");
      case StorageException failed ->
          refuse(
              new GatewayException(
                  ErrorCode.STORAGE,
                  "storage failed (" + failed.code() + "): " + failed.getMessage(),
                  failed));
      default -> postgres(e, durableLsn);
    };
  }

  private Decision postgres(Exception e, long durableLsn) {
    Optional<GatewayException> refusal = PostgresFailure.refusal(e);
    if (refusal.isPresent()) {
      return refuse(refusal.get());
    }
    if (PostgresFailure.isSlotBusy(e)) {
      return new Decision.AskWhoHoldsIt();
    }
    if (durableLsn != reached) {
      reached = durableLsn;
      answers = 0;
    }
    boolean away = PostgresFailure.isAway(e);
    answers = away ? 0 : answers + 1;
    if (answers == MOST_ANSWERS) {
      return refuse(PostgresFailure.lasting(e));
    }
    if (attempts++ == 0) {
      failingSince = nanoTime.getAsLong();
    }
    String problem = PostgresFailure.oneLine(e);
    WaitingForPostgres waiting = new WaitingForPostgres(attempts, jittered(pause), problem);
    pause = pause.multipliedBy(2);
    pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    return new Decision.Move(
        waiting,
        "The central PostgreSQL "
            + (away ? "is away" : "answers with an error")
            + " ("
            + problem
            + "); trying again");
  }

  private static Decision refuse(GatewayException refusal) {
    return new Decision.Move(new Failed(refusal), refusal.code() + ": " + refusal.getMessage());
  }

  /**
   * The slot is held: the next failure is the first one again.
   *
   * @return for how long PostgreSQL was waited for; empty if it was not
   */
  Optional<Duration> recovered() {
    Optional<Duration> waited =
        attempts == 0
            ? Optional.empty()
            : Optional.of(Duration.ofNanos(nanoTime.getAsLong() - failingSince));
    attempts = 0;
    pause = FIRST_PAUSE;
    return waited;
  }

  /** How long to wait before the next look at a slot that is in use. */
  Duration slotPause() {
    return jittered(SLOT_PAUSE);
  }

  /** Half of it to all of it. */
  private Duration jittered(Duration longest) {
    long half = longest.toNanos() / 2;
    return Duration.ofNanos(half + random.applyAsLong(half + 1));
  }
}
