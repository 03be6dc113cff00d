package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * {@code ops.startup}: how long an operator waits: {@code ./quicksilver replica} until it says that
 * it is ready, and then {@code status} and {@code get} beside it, from the start of the script to
 * its end.
 */
final class OpsStartupBar implements Bar {
  private static final int REPLICA_LIMIT_MS = 1_000;
  private static final int COMMAND_LIMIT_MS = 400;
  private static final int LONGEST_SECONDS = 60;

  @Override
  public String name() {
    return "ops.startup";
  }

  @Override
  public String description() {
    return "./quicksilver replica until it is ready; status and get beside it";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 100_000);
    int rounds = settings.size(10, 3);
    Path folder = Files.createTempDirectory("quicksilver-ops-startup-");
    try {
      Path log = folder.resolve("log");
      Launcher.start(log, "version").waitFor(); // builds, if that has not been done
      Path data = folder.resolve("data");
      try (DatabaseSet set = DatabaseSet.open(data, StorageSample.SMALL_LOG.withoutDurability())) {
        Database database = SourceNode.create(set);
        for (int from = 0; from < pairs; from += 10_000) {
          EdgeSource.write(database, from, from + 10_000);
        }
      }
      double[] ready = new double[rounds];
      double[] status = new double[rounds];
      double[] get = new double[rounds];
      for (int i = -1; i < rounds; i++) { // the first one warms
        Files.deleteIfExists(log);
        long began = System.nanoTime();
        Process replica =
            Launcher.start(
                log,
                "replica",
                "--data-directory=" + data,
                "--replication-upstreams=127.0.0.1:1",
                "--replication-listen=127.0.0.1:0",
                "--http-listen=127.0.0.1:0");
        try {
          awaitReady(data, replica, log);
          double first = since(began);
          double second = command(folder, "127.0.0.1:", "status", "--data-directory=" + data);
          String key = new String(EdgeSource.key(i + 1), US_ASCII);
          String name = StorageSample.IDENTITY.name();
          double third = command(folder, "", "get", name, key, "--data-directory=" + data);
          if (i >= 0) {
            ready[i] = first;
            status[i] = second;
            get[i] = third;
            System.out.printf(
                Locale.ROOT,
                "round %d: replica ready after %.0f ms, status %.0f ms, get %.0f ms%n",
                i + 1,
                first,
                second,
                third);
          }
        } finally {
          replica.destroy();
          replica.waitFor();
        }
      }
      double a = median(ready);
      double b = median(status);
      double c = median(get);
      return new Outcome(
          String.format(
              Locale.ROOT,
              "replica ready after %.0f ms, status %.0f ms, get %.0f ms (medians of %d)",
              a,
              b,
              c,
              rounds),
          "< 1,000 ms, < 400 ms, < 400 ms",
          a < REPLICA_LIMIT_MS && b < COMMAND_LIMIT_MS && c < COMMAND_LIMIT_MS);
    } finally {
      Folders.remove(folder);
    }
  }

  private static void awaitReady(Path data, Process replica, Path log)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
    while (!Files.exists(data.resolve("run/node.json"))) {
      if (!replica.isAlive() || System.nanoTime() - end > 0) {
        throw new IOException("the replica did not start: " + Files.readString(log));
      }
      Thread.sleep(1);
    }
  }

  /** Runs a command to its end. The exit code of status says how the node is: it has no root. */
  private static double command(Path folder, String expected, String... arguments)
      throws IOException, InterruptedException {
    Path log = folder.resolve("command.log");
    Files.deleteIfExists(log);
    long began = System.nanoTime();
    int code = Launcher.start(log, arguments).waitFor();
    double took = since(began);
    String said = Files.readString(log, US_ASCII);
    if (said.startsWith("quicksilver: ") || !said.contains(expected)) {
      throw new IOException(arguments[0] + " ended with " + code + ": " + said);
    }
    return took;
  }

  private static double median(double[] times) {
    Arrays.sort(times);
    return times[times.length / 2];
  }

  private static double since(long began) {
    return (System.nanoTime() - began) / 1e6;
  }
}
