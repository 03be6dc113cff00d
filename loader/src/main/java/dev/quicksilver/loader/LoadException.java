package dev.quicksilver.loader;

import org.jspecify.annotations.Nullable;

/** A load ended early. The message is one line: what, where, what to do. */
public final class LoadException extends Exception {
  private static final long serialVersionUID = 1L;

  LoadException(String message) {
    super(message);
  }

  LoadException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
