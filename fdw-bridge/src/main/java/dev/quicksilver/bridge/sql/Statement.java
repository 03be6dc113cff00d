package dev.quicksilver.bridge.sql;

import java.util.Optional;

/** One SQL statement. */
public sealed interface Statement {
  /** Nothing between semicolons. */
  record Empty() implements Statement {}

  /** A query. */
  record Query(Select select) implements Statement {}

  /** EXPLAIN of a query without options. */
  record Explain(Select select) implements Statement {}

  /** DECLARE … CURSOR, neither BINARY nor WITH HOLD. */
  record Declare(String cursor, Scrolling scrolling, Select select) implements Statement {}

  /** What DECLARE says about moving backward. */
  enum Scrolling {
    /** Nothing: it may if the query is simple. */
    UNSAID,
    SCROLL,
    NO_SCROLL
  }

  /** FETCH or MOVE. {@code count} is Long.MAX_VALUE for ALL; negative counts go backward. */
  record Fetch(String cursor, Direction direction, long count, boolean move) implements Statement {}

  /** Directions of FETCH. */
  enum Direction {
    FORWARD,
    BACKWARD,
    ABSOLUTE,
    RELATIVE
  }

  /** CLOSE; an empty name means ALL. */
  record Close(Optional<String> cursor) implements Statement {}

  /** BEGIN or START TRANSACTION. */
  record Begin(String tag) implements Statement {}

  /** COMMIT or END. */
  record Commit(boolean chain) implements Statement {}

  /** ROLLBACK or ABORT. */
  record Rollback(boolean chain) implements Statement {}

  /** SAVEPOINT. */
  record Savepoint(String name) implements Statement {}

  /** RELEASE SAVEPOINT. */
  record Release(String name) implements Statement {}

  /** ROLLBACK TO SAVEPOINT. */
  record RollbackTo(String name) implements Statement {}

  /** SET or RESET; an empty value means DEFAULT. */
  record Set(String tag, String name, Optional<String> value, boolean local) implements Statement {}

  /** DEALLOCATE; an empty name means ALL. */
  record Deallocate(Optional<String> name) implements Statement {}

  /** DISCARD ALL and its parts. */
  record Discard(String what) implements Statement {}

  /**
   * Whatever else: PostgreSQL is to read it.
   *
   * @param word its first word in lower case; empty if there is none
   */
  record Other(String word) implements Statement {}
}
