package dev.quicksilver.bridge.seek;

/** What a running statement asks now and then. */
@FunctionalInterface
public interface Interruption {
  /** Throws what ends the statement, if anything does: a cancel request, a shutdown. */
  void check();
}
