package dev.quicksilver.tls;

import org.jspecify.annotations.Nullable;

/** This node's own TLS files cannot be used; the message is one line with file, cause and cure. */
public final class TlsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TlsException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
