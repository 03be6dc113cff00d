package dev.quicksilver.replication;

import org.jspecify.annotations.Nullable;

/** A mistake in how replication is configured; the message is one line with cause and cure. */
public final class ReplicationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ReplicationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
