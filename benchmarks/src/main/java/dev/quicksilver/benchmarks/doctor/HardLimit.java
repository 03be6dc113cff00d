package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;

/** What this process, and whatever it starts, may have at most. */
final class HardLimit {
  private HardLimit() {}

  /** Returns the hard limit of open files. */
  static long openFiles() {
    try {
      String said = Cures.shell("ulimit -Hn").strip();
      return said.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
