package dev.quicksilver.bridge.sql;

import java.util.List;
import java.util.Optional;

/** One SQL statement. */
public sealed interface Statement {
  /** Nothing between semicolons. */
  record Empty() implements Statement {}

  /** A query. */
  record Query(Select select) implements Statement {}

  /** EXPLAIN of a query. */
  record Explain(Select select, boolean analyze) implements Statement {}

  /** DECLARE … CURSOR. */
  record Declare(String cursor, boolean hold, Select select) implements Statement {}

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
  record Commit() implements Statement {}

  /** ROLLBACK or ABORT. */
  record Rollback() implements Statement {}

  /** SAVEPOINT. */
  record Savepoint(String name) implements Statement {}

  /** RELEASE SAVEPOINT. */
  record Release(String name) implements Statement {}

  /** ROLLBACK TO SAVEPOINT. */
  record RollbackTo(String name) implements Statement {}

  /** SET or RESET; an empty value means DEFAULT. */
  record Set(String tag, String name, Optional<String> value, boolean local) implements Statement {}

  /** SHOW. */
  record Show(String name) implements Statement {}

  /** PREPARE name AS query. */
  record Prepare(String name, String sql) implements Statement {}

  /** EXECUTE name(arguments). */
  record Execute(String name, List<Expression> arguments) implements Statement {}

  /** DEALLOCATE; an empty name means ALL. */
  record Deallocate(Optional<String> name) implements Statement {}

  /** DISCARD ALL and its parts. */
  record Discard(String what) implements Statement {}

  /** A statement that would change something; refused with 25006. */
  record Write(String command) implements Statement {}
}
