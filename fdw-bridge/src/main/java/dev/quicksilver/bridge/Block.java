package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The transaction block of a session: BEGIN to COMMIT or ROLLBACK, with its savepoints and the
 * settings that a rollback brings back. The evaluator takes part once it was needed in it; before,
 * the statements are noted for it. Used by the session's thread.
 */
final class Block {
  /** Where the session stands between statements. */
  enum State {
    IDLE('I'),
    IN_TRANSACTION('T'),
    FAILED('E');

    final char status;

    State(char status) {
      this.status = status;
    }
  }

  private static final Set<String> ENDS = Set.of("commit", "rollback", "end", "abort");

  private final Settings settings;
  private final Cursors cursors;
  private final Reading reading;
  private final Supplier<Optional<EvaluatorSide>> evaluator;
  private final MessageWriter out;
  private final Savepoints savepoints = new Savepoints();
  private State state = State.IDLE;
  private Settings atBegin;
  private boolean implicit;
  private String begunBy = "BEGIN";

  Block(
      Settings settings,
      Cursors cursors,
      Reading reading,
      Supplier<Optional<EvaluatorSide>> evaluator,
      MessageWriter out) {
    this.settings = settings;
    this.cursors = cursors;
    this.reading = reading;
    this.evaluator = evaluator;
    this.out = out;
    this.atBegin = settings;
  }

  State state() {
    return state;
  }

  /** How many savepoints are open. */
  int depth() {
    return savepoints.depth();
  }

  /** The settings that a rollback of all goes back to. */
  Settings atBegin() {
    return isOpen() ? atBegin : settings;
  }

  /** Whether cursors may be declared. */
  boolean isOpen() {
    return state != State.IDLE || implicit;
  }

  /** Whether the statements of one message are a block without a BEGIN. */
  boolean isImplicit() {
    return implicit && state == State.IDLE;
  }

  /** The statements that come are those of one message. */
  void beginImplicit() {
    implicit = true;
    if (state == State.IDLE) {
      restartImplicit();
    }
  }

  private void restartImplicit() {
    atBegin = settings.copy();
    evaluator.get().ifPresent(side -> side.backlog().begin("BEGIN"));
  }

  /** The statements of one message are done. */
  void endImplicit(boolean committed) {
    boolean alone = isImplicit();
    implicit = false;
    if (!alone) {
      return;
    }
    try {
      Optional<EvaluatorSide> joined = joined();
      if (joined.isPresent()) {
        joined.get().silently(committed ? "COMMIT" : "ROLLBACK");
      } else {
        evaluator.get().ifPresent(side -> side.backlog().end(committed));
      }
    } finally {
      ended(committed);
    }
  }

  /** The settings are what the block has left of them. */
  private void ended(boolean committed) {
    if (!committed) {
      settings.restore(atBegin);
    } else if (!settings.unreportedAreThoseOf(atBegin)) {
      evaluator.get().ifPresent(EvaluatorSide::learnSettings); // SET LOCAL has ended
    }
    atBegin = settings;
  }

  private Optional<EvaluatorSide> joined() {
    return evaluator.get().filter(EvaluatorSide::inBlock);
  }

  /** Notes that a statement failed. */
  void fail() {
    if (state == State.IN_TRANSACTION) {
      state = State.FAILED;
    }
  }

  /** Forgets everything. */
  void clear() {
    state = State.IDLE;
    endTransaction();
  }

  private void endTransaction() {
    savepoints.clear();
    atBegin = settings;
    reading.end();
  }

  /** Refuses a statement that a failed transaction must not run. */
  void requireUsable(Statement statement) {
    boolean ends =
        switch (statement) {
          case Statement.Commit _, Statement.Rollback _, Statement.RollbackTo _ -> true;
          case Statement.Other other -> ENDS.contains(other.word());
          default -> false;
        };
    if (state == State.FAILED && !ends && !(statement instanceof Statement.Empty)) {
      throw PgException.of(
          SqlState.IN_FAILED_SQL_TRANSACTION,
          "current transaction is aborted, commands ignored until end of transaction block");
    }
  }

  private void complete(String tag) {
    Replies.complete(out, tag);
  }

  void begin(Statement.Begin begin, String text) {
    if (state == State.IN_TRANSACTION) {
      Replies.notice(out, "25001", "there is already a transaction in progress");
    } else {
      if (!implicit) {
        atBegin = settings.copy();
      }
      begunBy = text;
      open(implicit ? "BEGIN" : text);
    }
    complete(begin.tag());
  }

  /**
   * COMMIT or ROLLBACK.
   *
   * @param chain whether another transaction like it begins at once
   */
  void end(boolean commit, boolean chain, String text) {
    boolean committed = commit && state != State.FAILED;
    if (chain) {
      require(commit ? "COMMIT AND CHAIN" : "ROLLBACK AND CHAIN");
    }
    if (state == State.IDLE) {
      Replies.notice(out, "25P01", "there is no transaction in progress");
    }
    boolean done = false;
    try {
      Optional<EvaluatorSide> joined = joined();
      if (joined.isPresent()) {
        joined.get().command(committed ? text : chain ? "ROLLBACK AND CHAIN" : "ROLLBACK");
      } else {
        evaluator.get().ifPresent(side -> side.backlog().end(committed));
        complete(committed ? "COMMIT" : "ROLLBACK");
      }
      ended(committed);
      done = true;
    } finally {
      clear();
      if (chain && done) {
        atBegin = settings.copy();
        open(begunBy);
      } else if (implicit) {
        restartImplicit();
      }
    }
  }

  /** Opens a transaction; the evaluator begins its own by the statement. */
  private void open(String text) {
    if (joined().isEmpty()) {
      evaluator.get().ifPresent(side -> side.backlog().begin(text));
    }
    reading.current();
    state = State.IN_TRANSACTION;
  }

  private void require(String command) {
    if (state == State.IDLE) {
      throw PgException.of(
          SqlState.NO_ACTIVE_SQL_TRANSACTION, command + " can only be used in transaction blocks");
    }
  }

  /** Tells the evaluator of a statement if it takes part in the block; else notes it. */
  private void tell(String sql, String tag, Runnable note) {
    Optional<EvaluatorSide> joined = joined();
    if (joined.isPresent()) {
      joined.get().command(sql);
    } else {
      note.run();
      complete(tag);
    }
  }

  void savepoint(String name, String text) {
    require("SAVEPOINT");
    tell(
        text, "SAVEPOINT", () -> evaluator.get().ifPresent(side -> side.backlog().savepoint(text)));
    savepoints.open(name, settings);
  }

  void release(String name, String text) {
    require("RELEASE SAVEPOINT");
    requireSavepoint(name);
    int left = savepoints.has(name) ? savepoints.release(name) : savepoints.depth();
    tell(
        text,
        "RELEASE",
        () -> evaluator.get().ifPresent(side -> side.backlog().release(left, text)));
    cursors.rise(left);
  }

  void rollBackTo(String name, String text) {
    require("ROLLBACK TO SAVEPOINT");
    requireSavepoint(name);
    int depth = savepoints.has(name) ? savepoints.rollBackTo(name, settings) : savepoints.depth();
    tell(
        text,
        "ROLLBACK",
        () -> evaluator.get().ifPresent(side -> side.backlog().rollBackTo(depth - 1)));
    if (!reading
        .isShared()) { // a scan of the evaluator's may have begun after its cursor was declared
      cursors.closeBelow(depth);
    }
    state = State.IN_TRANSACTION;
  }

  private void requireSavepoint(String name) {
    if (!savepoints.has(name) && joined().isEmpty()) {
      throw PgException.of(SqlState.INVALID_SAVEPOINT, "savepoint \"" + name + "\" does not exist");
    }
  }

  /** Takes over what an evaluated statement has made of the block. */
  void follow(char status) {
    switch (status) {
      case 'T' -> {
        if (!isImplicit()) {
          if (state == State.IDLE) {
            atBegin = settings.copy();
          }
          state = State.IN_TRANSACTION;
        }
      }
      case 'E' -> {
        if (!isImplicit()) {
          state = State.FAILED;
        }
      }
      default -> {
        if (state != State.IDLE) {
          clear();
        }
      }
    }
  }
}
