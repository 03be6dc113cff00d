package dev.quicksilver.loader;

/** A row that cannot be loaded. */
final class BadRow extends Exception {
  private static final long serialVersionUID = 1L;

  final long line;

  BadRow(long line, String reason) {
    super(reason);
    this.line = line;
  }
}
