package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.EdgeEventsWriter.Change;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Reads the log of a database from a sequence on, and goes on where it was: over one connection,
 * over several in turn, over new ones now and then. For one thread.
 */
final class EdgeEventsSubscriber implements AutoCloseable {
  private static final int SOME = 3;

  private final int port;
  private final String log;
  private final Random random;
  private final int countOf;
  private final List<RespSocket> sockets = new ArrayList<>();
  private final List<Change> seen = new ArrayList<>();
  private final long[] arrived;
  private String last = "0"; // the id of the last entry that it has seen
  private int connections;

  /**
   * Begins behind sequence 0.
   *
   * @param number every second one has several connections, every fourth reads few entries at once
   */
  EdgeEventsSubscriber(int port, String database, int number, int writes, long seed)
      throws IOException {
    this.port = port;
    this.log = database + "_log";
    this.random = new Random(seed + number);
    this.countOf = number % 4 == 3 ? 2 : 1_000;
    this.arrived = new long[writes];
    for (int i = 0; i < (number % 2 == 0 ? 1 : SOME); i++) {
      sockets.add(connect());
    }
  }

  private RespSocket connect() throws IOException {
    connections++;
    return new RespSocket(port);
  }

  /** Reads until it has seen so many changes as there are writes. */
  void read() throws IOException {
    while (seen.size() < arrived.length) {
      int which = random.nextInt(sockets.size());
      if (random.nextInt(40) == 0) {
        sockets.get(which).close();
        sockets.set(which, connect());
      }
      RespAnswer answer =
          sockets
              .get(which)
              .call(
                  "XREAD",
                  "COUNT",
                  Integer.toString(countOf),
                  "BLOCK",
                  "20000",
                  "STREAMS",
                  log,
                  last);
      long now = System.nanoTime();
      if (answer.parts().isEmpty()) {
        throw new AssertionError(
            "behind sequence " + seen.size() + " came " + answer.whole() + " instead of entries");
      }
      for (RespAnswer entry : answer.parts().getFirst().parts().getLast().parts()) {
        take(entry, now);
      }
    }
  }

  private void take(RespAnswer entry, long now) {
    String id = entry.parts().getFirst().plain();
    String right = (seen.size() + 1) + "-";
    if (!id.startsWith(right)) {
      throw new AssertionError("sequence " + id + " came instead of " + right);
    }
    List<RespAnswer> fields = entry.parts().getLast().parts();
    if (seen.size() == arrived.length) {
      throw new AssertionError("more came than was written: " + entry.whole());
    }
    arrived[seen.size()] = now;
    last = id;
    seen.add(new Change(fields.get(1).plain(), fields.get(3).plain(), fields.get(5).plain()));
  }

  /** Returns what came, in order. */
  List<Change> seen() {
    return seen;
  }

  /** Returns when each came, as {@link System#nanoTime}. */
  long[] arrived() {
    return arrived;
  }

  int connections() {
    return connections;
  }

  @Override
  public void close() throws IOException {
    for (RespSocket socket : sockets) {
      socket.close();
    }
  }
}
