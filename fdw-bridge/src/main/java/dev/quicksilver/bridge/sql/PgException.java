package dev.quicksilver.bridge.sql;

import org.jspecify.annotations.Nullable;

/**
 * An error as a PostgreSQL client sees it: SQLSTATE, message, and optionally detail, hint and
 * position.
 */
public final class PgException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final SqlState state;
  private final @Nullable String hint;
  private final int position;

  private PgException(
      SqlState state,
      String message,
      @Nullable String hint,
      int position,
      @Nullable Throwable cause) {
    super(message, cause, false, cause != null);
    this.state = state;
    this.hint = hint;
    this.position = position;
  }

  /** An error without a hint. */
  public static PgException of(SqlState state, String message) {
    return new PgException(state, message, null, -1, null);
  }

  /** An error that keeps its Java cause for the log. */
  public static PgException of(SqlState state, String message, Throwable cause) {
    return new PgException(state, message, null, -1, cause);
  }

  /** 0A000 with the way out that holds for every shape the bridge does not answer. */
  public static PgException unsupported(String what) {
    return of(SqlState.FEATURE_NOT_SUPPORTED, "the bridge does not evaluate " + what)
        .hint(
            "Let PostgreSQL evaluate it: select the plain columns in a CTE, WITH t AS MATERIALIZED"
                + " (SELECT * FROM <foreign table> WHERE <key condition>), and query t.");
  }

  /** The same error with a hint. */
  public PgException hint(String text) {
    return new PgException(state, message(), text, position, getCause());
  }

  /**
   * The same error at a position: the 0-based UTF-16 offset in the statement; negative for none.
   */
  public PgException at(int offset) {
    return position >= 0 ? this : new PgException(state, message(), hint, offset, getCause());
  }

  /** The error class. */
  public SqlState state() {
    return state;
  }

  /** The primary message; never null. */
  public String message() {
    return String.valueOf(getMessage());
  }

  /** What to do, or null. */
  public @Nullable String hint() {
    return hint;
  }

  /** 0-based offset in the statement, or -1. */
  public int position() {
    return position;
  }
}
