package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.storage.lmdb.StorageException;

/** Turns whatever a statement threw into what the client is told. */
final class Errors {
  private Errors() {}

  static PgException translate(Throwable error) {
    return switch (error) {
      case PgException pg -> pg;
      case StorageException storage ->
          PgException.of(
              switch (storage.code()) {
                case CORRUPT, DIVERGED, WRONG_FORMAT -> SqlState.DATA_CORRUPTED;
                case SNAPSHOT_TOO_OLD -> SqlState.SNAPSHOT_TOO_OLD;
                case NO_SPACE -> SqlState.OUT_OF_MEMORY;
                case INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    UNFINISHED,
                    UNSUPPORTED,
                    NOT_IN_LOG,
                    IO ->
                    SqlState.IO_ERROR;
              },
              storage.code() + ": " + storage.getMessage(),
              storage);
      case OutOfMemoryError memory ->
          PgException.of(SqlState.OUT_OF_MEMORY, "out of memory: " + memory.getMessage(), memory);
      case StackOverflowError _ ->
          PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "the statement is nested too deeply");
      default -> PgException.of(SqlState.INTERNAL_ERROR, "internal error: " + error, error);
    };
  }
}
