package dev.quicksilver.replication;

import java.io.IOException;

/** The peer sent what the protocol does not allow, or the bytes were damaged on the way. */
class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  ProtocolException(String message) {
    super(message);
  }
}
