package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import java.io.IOException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code ops.memory}: what each process takes when it has nothing to do, at most while a
 * transaction of 1 M rows passes, and a minute after that has passed.
 */
final class OpsMemoryBar implements Bar {
  private static final String NAME = "memory";
  private static final int HEAP_MIB = 256; // as ./quicksilver says for all but serve
  private static final int LIMIT_MIB = 64;
  private static final int SETTLES_SECONDS = 10;
  private static final int GIVES_BACK_SECONDS = 60;

  /** A process and what was seen of its own memory, in MiB. */
  private static final class Seen {
    final String name;
    final ChildProcess process;
    long before;
    long most;
    long after;

    Seen(String name, ChildProcess process) {
      this.name = name;
      this.process = process;
    }

    long now() throws IOException {
      long mib = OwnMemory.kib(process.pid()) >> 10;
      most = Math.max(most, mib);
      return mib;
    }

    long kept() {
      return after - before;
    }
  }

  @Override
  public String name() {
    return "ops.memory";
  }

  @Override
  public String description() {
    return "own memory of each process before, during and after a transaction of 1 M rows";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rows = settings.size(1_000_000, 200_000);
    ProcessOptions options = ProcessOptions.heap(HEAP_MIB).asService().withJvm(List.of("-Xms32m"));
    try (Cluster cluster = Cluster.temporary(options);
        Connection connection = cluster.embedPostgres().connect()) {
      List<Seen> all = new ArrayList<>();
      for (NodeSpec node :
          List.of(
              NodeSpec.root("root"),
              NodeSpec.replica("relay", "root"),
              NodeSpec.replica("edge", "relay"),
              NodeSpec.bridge("bridge", "edge"),
              NodeSpec.serve("serve", "edge"))) {
        all.add(new Seen(node.name(), cluster.start(node)));
        cluster.awaitHealthy(node.name());
      }
      SqlSession session = new SqlSession(connection);
      session.execute("SELECT quicksilver.create_database('" + NAME + "')");
      session.execute("INSERT INTO " + NAME + " VALUES ('a', 'b')");
      try (Database edge = Processes.open(cluster.data("edge"), NAME, cluster.process("edge"))) {
        await(edge, 1, all);
        TimeUnit.SECONDS.sleep(SETTLES_SECONDS);
        for (Seen each : all) {
          each.before = each.now();
        }
        session.execute(
            ("INSERT INTO %s SELECT 'key ' || lpad((i::bigint * 7919 %% %d)::text, 25, '0'),"
                    + " md5('a' || i) || md5('b' || i) || md5('c' || i) || 'tail'"
                    + " FROM generate_series(1, %d) i")
                .formatted(NAME, rows, rows));
        await(edge, 1 + rows, all);
        long kept = awaitGivenBack(all);
        for (Seen each : all) {
          System.out.printf(
              "%-6s %,4d MiB before, at most %,4d, %,4d after%n",
              each.name, each.before, each.most, each.after);
        }
        return new Outcome(
            String.format(
                "at most %d MiB more than before, within a minute of a transaction of %,d rows",
                kept, rows),
            "≤ " + LIMIT_MIB + " MiB",
            kept <= LIMIT_MIB);
      }
    }
  }

  /** Returns what the worst of them has kept after a minute, in MiB. */
  private static long awaitGivenBack(List<Seen> all) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(GIVES_BACK_SECONDS);
    while (true) {
      TimeUnit.SECONDS.sleep(1);
      long kept = 0;
      for (Seen each : all) {
        each.after = each.now();
        kept = Math.max(kept, each.kept());
      }
      if (System.nanoTime() > deadline) {
        return kept;
      }
    }
  }

  private static void await(Database database, long sequence, List<Seen> all) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (database.head().lastSequence() < sequence) {
      for (Seen each : all) {
        if (!each.process.isAlive() || System.nanoTime() > deadline) {
          throw new AssertionError("it did not arrive: " + each.process.output());
        }
        var _ = each.now();
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
