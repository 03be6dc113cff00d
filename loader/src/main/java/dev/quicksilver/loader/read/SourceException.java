package dev.quicksilver.loader.read;

import java.io.IOException;

/**
 * A source cannot be read (on). The message says where and what to do, without the source's name.
 */
public final class SourceException extends IOException {
  private static final long serialVersionUID = 1L;

  SourceException(String message) {
    super(message);
  }

  SourceException(String message, Throwable cause) {
    super(message, cause);
  }
}
