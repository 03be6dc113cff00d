package dev.quicksilver.loader.map;

/** A record that does not make a pair; the message says why. */
public final class Unfit extends Exception {
  private static final long serialVersionUID = 1L;

  Unfit(String message) {
    super(message, null, false, false);
  }
}
