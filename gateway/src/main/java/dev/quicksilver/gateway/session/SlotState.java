package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayStatus.State;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.central.PostgresFailure;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.start.FirstStart;
import dev.quicksilver.replication.RootRole.Standing;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.event.Level;

/**
 * Where a root's session with the slot is. A state carries what is known in it and what is open in
 * it; {@link Transitions} closes the latter when the state is left.
 *
 * <pre>
 *   Connecting ──▶ Checking ──▶ Taking ──▶ Sequencing
 *       ▲             └▶ Copying ─▲
 *       │
 *       ├── WaitingForPostgres ◀── from anywhere, if PostgreSQL is away or errs; if it is only
 *       │                          away from here and another root has the slot: StandingBy
 *       ├── WaitingForSpace    ◀── from anywhere, if a disk or a map is full
 *       ├── StandingBy ⇄ Reclaiming ◀── from Taking, if the slot is in use
 *       └── Yielding ──▶ StandingBy ◀── from Sequencing, for a switch-over
 *
 *   Closed, Failed ◀── from anywhere
 * </pre>
 */
sealed interface SlotState
    permits SlotState.Connecting,
        SlotState.Checking,
        SlotState.Copying,
        SlotState.Taking,
        Sequencing,
        SlotState.StandingBy,
        SlotState.Yielding,
        SlotState.Reclaiming,
        SlotState.WaitingForPostgres,
        SlotState.WaitingForSpace,
        SlotState.Ended {
  /** What others see; empty if they go on to see what they saw before. */
  default Optional<State> shown() {
    return Optional.empty();
  }

  /** What is wrong, for the status; empty if nothing is. */
  default String problem() {
    return "";
  }

  /**
   * Why this node is not the root although it may be meant to be, which the status of what it
   * follows does not say; empty if what was said last still holds.
   */
  default Optional<String> hindrance() {
    return Optional.of("");
  }

  /** What this node is to others from now on; empty if it stays what it was. */
  default Optional<Standing> standing() {
    return Optional.empty();
  }

  /** How loudly it is said that the state has been entered. */
  default Level level() {
    return Level.DEBUG;
  }

  /** The process of PostgreSQL that holds the slot for this node; 0 if none does. */
  default int ownHolder() {
    return 0;
  }

  /** What follows another root in it; empty if nothing does. */
  default Optional<Standby.Following> following() {
    return Optional.empty();
  }

  /**
   * What is open. Whatever the next state does not hold as well is closed, in this order; may be
   * closed more than once, and from any thread.
   */
  default List<AutoCloseable> holds() {
    return List.copyOf(following().stream().toList());
  }

  /** The gateway closes: lets what waits in this state see it. From any thread. */
  default void wake() {
    holds().forEach(Transitions::letGo);
  }

  /**
   * Looks for the PostgreSQL.
   *
   * @param following goes on while that is away
   */
  record Connecting(Optional<Standby.Following> following) implements SlotState {
    Connecting() {
      this(Optional.empty());
    }

    @Override
    public Optional<String> hindrance() {
      return following.isPresent() ? Optional.empty() : Optional.of("");
    }
  }

  /** Connected: asks whether this PostgreSQL is the one that this node may go on with. */
  record Checking(ReplicationConnection connection) implements SlotState {
    @Override
    public List<AutoCloseable> holds() {
      return List.of(connection);
    }
  }

  /** Nothing was ever read into this node: makes the slot and copies what the tables hold. */
  record Copying(
      ReplicationConnection connection,
      ReplicationConnection.Identity source,
      UUID cluster,
      FirstStart firstStart)
      implements SlotState {
    @Override
    public Optional<State> shown() {
      return Optional.of(State.COPYING);
    }

    @Override
    public Level level() {
      return Level.INFO;
    }

    @Override
    public List<AutoCloseable> holds() {
      // It may wait for a slot to be made, which can take for ever: the connection first.
      return List.of(connection, firstStart);
    }
  }

  /** All is well but for the slot: takes it and sees that it goes on where this node is. */
  record Taking(ReplicationConnection connection, ReplicationConnection.Identity source)
      implements SlotState {
    @Override
    public List<AutoCloseable> holds() {
      return List.of(connection);
    }
  }

  /**
   * Another root holds the slot, or will: this one follows it, and looks from time to time whether
   * the slot is free.
   *
   * @param holder its process of PostgreSQL; 0 if it could not be asked for, or none is there yet
   * @param since since when this node stands by, in ns of the session's clock
   * @param following ends when the state is left, and goes on while only the holder changes
   * @param problem why this node could not take the slot if it were free; empty if it could
   */
  record StandingBy(int holder, long since, Optional<Standby.Following> following, String problem)
      implements SlotState {
    /** The same wait, for another process. */
    StandingBy heldBy(int other) {
      return new StandingBy(other, since, following, problem);
    }

    /** The same wait, and what is in the way of taking the slot. */
    StandingBy hinderedBy(String now) {
      return new StandingBy(holder, since, following, now);
    }

    @Override
    public Optional<String> hindrance() {
      return Optional.of(problem);
    }

    @Override
    public Optional<Standing> standing() {
      return Optional.of(Standing.STANDING_BY);
    }

    @Override
    public Optional<State> shown() {
      return Optional.of(State.WAITING_FOR_SLOT);
    }

    @Override
    public Level level() {
      return Level.INFO;
    }
  }

  /**
   * The slot was let go for a standby root, which is waited for.
   *
   * @param since in ns of the session's clock
   */
  record Yielding(long since) implements SlotState {
    @Override
    public Optional<State> shown() {
      return Optional.of(State.WAITING_FOR_SLOT);
    }

    @Override
    public Optional<Standing> standing() {
      return Optional.of(Standing.TAKING_OVER);
    }

    @Override
    public Level level() {
      return Level.INFO;
    }
  }

  /**
   * A lost connection of this very node still holds the slot; its process was told to end.
   *
   * @param holder the process of PostgreSQL
   * @param since since when it is waited for, in ns of the session's clock
   */
  record Reclaiming(int holder, long since) implements SlotState {
    @Override
    public Optional<State> shown() {
      return Optional.of(State.CONNECTING);
    }

    @Override
    public String problem() {
      return "process "
          + holder
          + " of PostgreSQL still holds the slot for a connection of this node that was lost;"
          + " it was told to end, and if it hangs, an administrator has to end it (kill -9"
          + " restarts all of PostgreSQL)";
    }

    @Override
    public Level level() {
      return Level.INFO;
    }
  }

  /**
   * PostgreSQL is away, or answers with an error that may go away. It may be away from this node
   * only: what another root has sequenced meanwhile comes, if there is one.
   *
   * @param attempt how many attempts have failed since this node last held the slot, from 1
   * @param pause until the next one
   * @param following is not heard of until another root has the slot
   */
  record WaitingForPostgres(
      int attempt, Duration pause, String problem, Optional<Standby.Following> following)
      implements SlotState {
    WaitingForPostgres(int attempt, Duration pause, String problem) {
      this(attempt, pause, problem, Optional.empty());
    }

    @Override
    public Optional<String> hindrance() {
      return Optional.of(
          following.isPresent() ? "the central PostgreSQL cannot be read: " + problem : "");
    }

    /** The same wait, while something follows. */
    WaitingForPostgres with(Optional<Standby.Following> follows) {
      return new WaitingForPostgres(attempt, pause, problem, follows);
    }

    @Override
    public Optional<State> shown() {
      return Optional.of(State.CONNECTING);
    }

    @Override
    public Level level() {
      return Level.WARN;
    }
  }

  /**
   * A disk or a map is full. Nothing was lost: the WAL is read again from what is durable here.
   *
   * @param pause until the next attempt
   */
  record WaitingForSpace(Duration pause, String problem) implements SlotState {
    @Override
    public Optional<State> shown() {
      return Optional.of(State.WAITING_FOR_SPACE);
    }

    @Override
    public Level level() {
      return Level.ERROR;
    }
  }

  /** There is no way on from these. */
  sealed interface Ended extends SlotState permits Closed, Failed {}

  /** It was closed. */
  record Closed() implements Ended {
    @Override
    public Optional<State> shown() {
      return Optional.of(State.CLOSED);
    }
  }

  /**
   * It cannot go on.
   *
   * @param cause the refusal; anything else is our fault
   */
  record Failed(Throwable cause) implements Ended {
    @Override
    public Optional<State> shown() {
      return Optional.of(State.FAILED);
    }

    @Override
    public String problem() {
      return cause instanceof Exception e ? PostgresFailure.oneLine(e) : cause.toString();
    }

    @Override
    public Level level() {
      return Level.ERROR;
    }
  }
}
