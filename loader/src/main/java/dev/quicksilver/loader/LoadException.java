package dev.quicksilver.loader;

import org.jspecify.annotations.Nullable;

/** A load ended early. The message is one line: what, where, what to do. */
public final class LoadException extends Exception {
  private static final long serialVersionUID = 1L;

  /** No line is to blame. */
  public static final long NO_LINE = 0;

  private final long line;
  private final long rowsCommitted;

  LoadException(String message, long line, long rowsCommitted, @Nullable Throwable cause) {
    super(message, cause);
    this.line = line;
    this.rowsCommitted = rowsCommitted;
  }

  /** The line of the source (1 is the first) on which the bad row begins, or {@link #NO_LINE}. */
  public long line() {
    return line;
  }

  /** Rows of earlier batches, which stay loaded. */
  public long rowsCommitted() {
    return rowsCommitted;
  }
}
