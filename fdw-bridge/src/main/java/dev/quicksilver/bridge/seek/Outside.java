package dev.quicksilver.bridge.seek;

/** Thrown where a statement leaves the closed set; never leaves this package. */
final class Outside extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A statement that is none of ours.
   *
   * @param why for whoever debugs it; no client sees it
   */
  Outside(String why) {
    super(why, null, false, false);
  }
}
