package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory that is a process's own: without LMDB's map, which is the page cache's. */
final class OwnMemory {
  private OwnMemory() {}

  /** Returns it in KiB, as Linux counts it. */
  static long kib(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("RssAnon:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }
}
