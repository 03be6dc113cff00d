package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** As many processes as there are cores, each of which does nothing as fast as it can. */
final class BusyCores implements AutoCloseable {
  private final List<Process> loops = new ArrayList<>();

  private BusyCores() {}

  static BusyCores start() throws IOException {
    BusyCores busy = new BusyCores();
    // A loop looks now and then whether this process is still there, and ends with it.
    String loop =
        "while kill -0 $PPID 2>/dev/null; do for ((i = 0; i < 300000; i++)); do :; done; done";
    try {
      for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
        busy.loops.add(new ProcessBuilder("bash", "-c", loop).start());
      }
      return busy;
    } catch (IOException e) {
      busy.close();
      throw e;
    }
  }

  /** Says whether all of them still take their time. */
  boolean areAlive() {
    return loops.stream().allMatch(Process::isAlive);
  }

  @Override
  public void close() {
    loops.forEach(Process::destroyForcibly);
    loops.forEach(loop -> loop.onExit().join());
  }
}
