package dev.quicksilver.cli.doctor;

import java.util.Locale;

/**
 * What a check has found.
 *
 * @param check the check's name
 * @param what what is so, and where
 * @param cure what to do; empty if there is nothing to do
 */
record Finding(Level level, String check, String what, String cure) {
  /** How bad it is. */
  enum Level {
    /** As it should be. */
    OK,
    /** It works, but not for ever or not for all. */
    WARNING,
    /** The node does not start, or does not do what it is there for. */
    ERROR;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Finding ok(String check, String what) {
    return new Finding(Level.OK, check, what, "");
  }

  static Finding warning(String check, String what, String cure) {
    return new Finding(Level.WARNING, check, what, cure);
  }

  static Finding error(String check, String what, String cure) {
    return new Finding(Level.ERROR, check, what, cure);
  }

  /**
   * Makes one of a message of ours, which says what is wrong and after its last colon or semicolon
   * the cure.
   *
   * @param otherwise the cure if the message has none
   */
  static Finding of(Level level, String check, String message, String otherwise) {
    int at = Math.max(message.lastIndexOf(": "), message.lastIndexOf("; "));
    return at < 0
        ? new Finding(level, check, message, otherwise)
        : new Finding(level, check, message.substring(0, at), message.substring(at + 2));
  }
}
