package dev.quicksilver.benchmarks;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** The writers and the beat, each a thread, which can be held up for a check. For one thread. */
final class GatewayKillLoad implements AutoCloseable {
  private static final int WRITERS = 4;

  /** The databases that are written to, but for that of the beat. */
  private static final List<String> WRITTEN = List.of("one", "two", "three");

  private final GatewayKillLog log = new GatewayKillLog();
  private final GatewayKillBeat beat;
  private final List<GatewayKillWriter> writers;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<?>> running = new ArrayList<>();

  GatewayKillLoad(String url, long seed) {
    beat = new GatewayKillBeat(url, log);
    writers =
        IntStream.range(0, WRITERS)
            .mapToObj(i -> new GatewayKillWriter("writer" + i, url, WRITTEN, log, seed + i))
            .toList();
  }

  /** All databases that are written to. */
  static List<String> databases() {
    List<String> all = new ArrayList<>(WRITTEN);
    all.add(GatewayKillBeat.DATABASE);
    return all;
  }

  /** Requires that an error comes from a server that went away or is not there yet. */
  static void requireLost(SQLException e) {
    String state = Objects.requireNonNullElse(e.getSQLState(), "");
    if (!state.startsWith("08") && !state.startsWith("57")) {
      throw new AssertionError("a write failed, and not for PostgreSQL's end: " + e, e);
    }
  }

  GatewayKillLog log() {
    return log;
  }

  GatewayKillBeat beat() {
    return beat;
  }

  long transactions() {
    return writers.stream().mapToLong(GatewayKillWriter::transactions).sum();
  }

  /** How the writers fared, in a line. */
  String report() {
    return "%,d transactions besides the beats; connections lost or refused %,d times, %,d COMMITs done but unanswered"
        .formatted(
            transactions(),
            writers.stream().mapToLong(GatewayKillWriter::interruptions).sum(),
            writers.stream().mapToLong(GatewayKillWriter::unanswered).sum());
  }

  /** Starts all of them, or starts them again. */
  void start() {
    running.add(executor.submit(beat));
    writers.forEach(writer -> running.add(executor.submit(writer)));
  }

  /** Fails if one of them has. */
  void requireRunning() throws InterruptedException {
    for (Future<?> each : running) {
      if (each.isDone()) {
        await(each);
        throw new AssertionError("a writer ended by itself");
      }
    }
  }

  /** Ends all of them; PostgreSQL has to be there. Each has committed what it noted, no more. */
  void stop() throws InterruptedException {
    ask();
    for (Future<?> each : running) {
      await(each);
    }
    running.clear();
  }

  private void ask() {
    beat.stop();
    writers.forEach(GatewayKillWriter::stop);
  }

  private static void await(Future<?> writer) throws InterruptedException {
    try {
      writer.get();
    } catch (ExecutionException e) {
      throw new AssertionError("a writer failed: " + e.getCause(), e);
    }
  }

  @Override
  public void close() {
    ask();
    executor.shutdownNow(); // one may wait for a PostgreSQL that is held up
    executor.close();
  }
}
