package dev.quicksilver.migrations;

import org.jspecify.annotations.Nullable;

/** The central PostgreSQL cannot be used or migrated; the message is one line and says the cure. */
public final class MigrationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Stable names of what can go wrong. */
  public enum Code {
    /** The server cannot be reached or refuses the user. */
    CANNOT_CONNECT,
    /** The server is older than PostgreSQL 15. */
    SERVER_TOO_OLD,
    /** The database is not encoded in UTF8. */
    WRONG_ENCODING,
    /** The role or the database has {@code default_transaction_read_only}. */
    READ_ONLY,
    /** The role may not create in the database what is not there yet. */
    MISSING_RIGHT,
    /** A migration failed, or the history does not match this program. */
    MIGRATION_FAILED
  }

  private final Code code;

  MigrationException(Code code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Returns the stable name of the failure. */
  public Code code() {
    return code;
  }
}
