package dev.quicksilver.storage.lmdb;

import org.jspecify.annotations.Nullable;

/**
 * Every failure of this module, with a stable {@link ErrorCode} and a message that says the cure.
 */
public final class StorageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /** Takes what happened, where, and the cure. */
  public StorageException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /** The same with what it came from. */
  public StorageException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Returns the stable name of the failure. */
  public ErrorCode code() {
    return code;
  }
}
