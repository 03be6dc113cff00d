package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.LogEntry;
import dev.quicksilver.storage.LogScan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.StorageOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code gateway.pg-failover}: the primary PostgreSQL is killed with SIGKILL under write load, its
 * standby promoted, a new standby made of that one, and so on. A COMMIT is acknowledged when the
 * standby has it ({@code synchronous_standby_names}), and delivered to the root when the standby
 * has it ({@code synchronized_standby_slots}); so nothing acknowledged and nothing sequenced may be
 * lost. Root and replica are processes.
 */
final class FailoverBar implements Bar {
  private static final String STANDBY = "standby";

  @Override
  public String name() {
    return "gateway.pg-failover";
  }

  @Override
  public String description() {
    return "the primary is killed under load and its standby promoted, 20 times";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int times = settings.size(20, 2);
    Random random = new Random(settings.seed());
    Path folder = Files.createTempDirectory("quicksilver-failover-");
    int[] ports = {Ports.free(), Ports.free()};
    EmbeddedPostgres[] pair = new EmbeddedPostgres[2];
    try {
      pair[0] = EmbeddedPostgres.builder().port(ports[0]).start();
      Migrations.migrate(pair[0].jdbcUrl(), "", "");
      execute(pair[0], "SELECT quicksilver.create_database('kv')");
      String own = "127.0.0.1:" + ports[0];
      String url =
          pair[0].jdbcUrl().replace(own, own + ",127.0.0.1:" + ports[1])
              + "&targetServerType=primary&hostRecheckSeconds=0&connectTimeout=2";
      try (Cluster cluster = Cluster.in(folder, Processes.OPTIONS)) {
        cluster.usePostgres(CentralPostgres.of(pair[0], url));
        cluster.start(NodeSpec.root("root"));
        cluster.awaitHealthy("root");
        cluster.start(NodeSpec.replica("replica", "root"));
        cluster.awaitHealthy("replica");
        FailoverWriter writer = new FailoverWriter(url);
        Thread thread = Thread.ofVirtual().start(writer);
        double[] seconds = new double[times];
        try (Database copy = open(cluster.data("root"))) {
          int now = 0;
          for (int i = 0; i < times; i++) {
            seconds[i] = failOver(pair, ports, now, writer, copy, random);
            now = 1 - now;
          }
          writer.stop();
          thread.join();
          long entries = compare(cluster, copy, writer, pair[now]);
          Arrays.sort(seconds);
          System.out.printf(
              "%,d transactions acknowledged, the connection lost %d times, %d COMMITs done but"
                  + " unanswered%n",
              writer.acknowledged(), writer.interruptions(), writer.unanswered());
          return new Outcome(
              String.format(
                  "%d fail-overs, %,d entries, exactly once and in order on root and replica;"
                      + " SIGKILL to the next entry: median %.1f s, longest %.1f s",
                  times, entries, seconds[times / 2], seconds[times - 1]),
              "= equal, gapless, in order",
              entries > 0);
        } finally {
          writer.stop();
        }
      }
    } finally {
      for (EmbeddedPostgres postgres : pair) {
        if (postgres != null) {
          postgres.close();
        }
      }
      Folders.remove(folder);
    }
  }

  /** Returns the seconds from SIGKILL to the first entry of what was written afterwards. */
  private static double failOver(
      EmbeddedPostgres[] pair,
      int[] ports,
      int now,
      FailoverWriter writer,
      Database copy,
      Random random)
      throws Exception {
    EmbeddedPostgres primary = pair[now];
    EmbeddedPostgres dead = pair[1 - now];
    if (dead != null) {
      dead.close();
    }
    EmbeddedPostgres standby =
        EmbeddedPostgres.builder().port(ports[1 - now]).standbyOf(primary, STANDBY).start();
    pair[1 - now] = standby;
    setting(primary, "synchronous_standby_names", STANDBY);
    setting(primary, "synchronized_standby_slots", STANDBY);
    await(
        "the standby is synchronous",
        () ->
            query(primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
                .equals("1"));
    await(
        "the standby has the slot",
        () -> {
          // PostgreSQL does so by itself every 15 s.
          query(primary, "SELECT pg_log_standby_snapshot()");
          return query(
                  standby,
                  "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'quicksilver%'"
                      + " AND synced AND NOT temporary")
              .equals("1");
        });
    // From here on every COMMIT and all that is delivered waits for the standby.
    long before = writer.acknowledged();
    await("transactions under both settings", () -> writer.acknowledged() > before + 100);
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(1_000)));
    long began = System.nanoTime();
    primary.kill();
    standby.promote();
    // There is no standby now; one is made next.
    setting(standby, "synchronous_standby_names", "");
    setting(standby, "synchronized_standby_slots", "");
    long acknowledged = writer.acknowledged();
    await("writes at the promoted standby", () -> writer.acknowledged() > acknowledged + 1);
    long wanted = writer.acknowledged();
    await("the root goes on", () -> last(copy) >= wanted);
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        "fail-over to port %d after %,d transactions: %.1f s; at sequence %,d%n",
        ports[1 - now], acknowledged, seconds, copy.head().lastSequence());
    return seconds;
  }

  /** The number of the last transaction that a copy shows. */
  private static long last(Database copy) {
    try (Snapshot snapshot = copy.snapshot()) {
      var counter = snapshot.get(FailoverWriter.COUNTER.getBytes(StandardCharsets.UTF_8));
      return counter == null
          ? 0
          : Long.parseLong(new String(counter.value(), StandardCharsets.UTF_8));
    }
  }

  private static long compare(
      Cluster cluster, Database root, FailoverWriter writer, EmbeddedPostgres primary)
      throws Exception {
    long transactions = writer.acknowledged();
    await("the root has all", () -> last(root) == transactions);
    try (Database replica = open(cluster.data("replica"))) {
      await("the replica has all", () -> last(replica) == transactions);
      require(
          cluster.process("root").isAlive() && cluster.process("replica").isAlive(),
          "a node ended: " + cluster.lastLines());
      require(
          replica.head().chainHash().equals(root.head().chainHash())
              && replica.head().contentDigest().equals(root.head().contentDigest()),
          "root and replica differ: " + root.head() + " and " + replica.head());
      table(primary, replica);
    }
    long sequence = 0;
    try (Snapshot snapshot = root.snapshot()) {
      LogScan log = snapshot.scanLog(1);
      for (long n = 1; n <= transactions; n++) {
        for (int i = 0; i < FailoverWriter.entries(n); i++) {
          LogEntry entry = log.next();
          sequence++;
          require(
              entry != null
                  && entry.sequence() == sequence
                  && text(entry).equals(FailoverWriter.entry(n, i)),
              "entry " + sequence + " is not \"" + FailoverWriter.entry(n, i) + "\"");
        }
      }
      require(log.next() == null, "there are entries after the last transaction's");
    }
    return sequence;
  }

  private static String text(LogEntry entry) {
    return entry.operation()
        + " "
        + new String(entry.key(), StandardCharsets.UTF_8)
        + " "
        + new String(entry.value(), StandardCharsets.UTF_8);
  }

  /** The replica holds what the table holds. */
  private static void table(EmbeddedPostgres postgres, Database replica) throws SQLException {
    Model expected = new Model();
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT key, value FROM kv");
        Snapshot snapshot = replica.snapshot()) {
      while (rows.next()) {
        expected.set(rows.getString(1), rows.getString(2));
      }
      require(
          snapshot.pairs() == expected.pairs().size() && Model.sum(snapshot).equals(expected.sum()),
          "the replica differs from the table");
    }
  }

  private static Database open(Path data) throws Exception {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    await("database kv in " + data, () -> directory.environment("kv").isPresent());
    return Database.openReadOnly(directory.environment("kv").orElseThrow(), StorageOptions.DEFAULT);
  }

  private static void setting(EmbeddedPostgres postgres, String name, String value)
      throws SQLException {
    execute(postgres, "ALTER SYSTEM SET " + name + " = '" + value + "'");
    execute(postgres, "SELECT pg_reload_conf()");
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = postgres.connect()) {
      new SqlSession(connection).execute(sql);
    }
  }

  private static String query(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = postgres.connect()) {
      return new SqlSession(connection).query(sql);
    }
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited two minutes for: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }
}
