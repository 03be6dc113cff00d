package dev.quicksilver.tls;

import java.io.IOException;

/** No TLS connection with a peer; the message is one line that says which side has to change. */
public final class TlsPeerException extends IOException {
  private static final long serialVersionUID = 1L;

  TlsPeerException(String message, Throwable cause) {
    super(message, cause);
  }
}
