package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code gateway.pg-failover}: the primary PostgreSQL is killed with SIGKILL under write load, its
 * standby promoted, a new standby made of that one, and so on. A COMMIT is acknowledged when the
 * standby has it ({@code synchronous_standby_names}), and delivered to the root when the standby
 * has it ({@code synchronized_standby_slots}); so nothing acknowledged and nothing sequenced may be
 * lost. Two roots, one of which stands by, and a replica are processes; every second time the
 * active root is killed at the same moment.
 */
final class FailoverBar implements Bar {
  private static final String STANDBY = "standby";
  private static final List<String> ROOTS = List.of("root1", "root2");
  private static final String REPLICA = "replica";

  @Override
  public String name() {
    return "gateway.pg-failover";
  }

  @Override
  public String description() {
    return "the primary is killed under load, every second time with the active root, and its"
        + " standby promoted, 20 times";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int times = settings.size(20, 2);
    Path folder = Files.createTempDirectory("quicksilver-failover-");
    try (Servers servers = new Servers()) {
      Migrations.migrate(servers.primary().jdbcUrl(), "", "");
      execute(servers.primary(), "SELECT quicksilver.create_database('kv')");
      FailoverWriter writer = new FailoverWriter(servers.url());
      try (Cluster cluster = Cluster.in(folder, Processes.OPTIONS)) {
        start(cluster, servers);
        Thread thread = Thread.ofVirtual().start(writer);
        try (Database replica = open(cluster, REPLICA)) {
          Trial trial = new Trial(servers, cluster, writer, replica, new Random(settings.seed()));
          double[] seconds = new double[times];
          for (int i = 0; i < times; i++) {
            seconds[i] = trial.failOver(i % 2 == 1);
          }
          writer.stop();
          thread.join();
          long entries = compare(cluster, replica, writer, servers.primary());
          Arrays.sort(seconds);
          System.out.printf(
              "%,d transactions acknowledged, the connection lost %d times, %d COMMITs done but"
                  + " unanswered%n",
              writer.acknowledged(), writer.interruptions(), writer.unanswered());
          return new Outcome(
              String.format(
                  "%d fail-overs, %,d entries, exactly once and in order on two roots and a"
                      + " replica; SIGKILL to the next entry there: median %.1f s, longest %.1f s",
                  times, entries, seconds[times / 2], seconds[times - 1]),
              "= equal, gapless, in order",
              entries > 0);
        } finally {
          writer.stop();
        }
      }
    } finally {
      Folders.remove(folder);
    }
  }

  private static void start(Cluster cluster, Servers servers) throws Exception {
    cluster.usePostgres(CentralPostgres.of(servers.primary(), servers.url()));
    cluster.start(NodeSpec.root("root1", "root2"));
    cluster.awaitHealthy("root1");
    cluster.start(NodeSpec.root("root2", "root1"));
    cluster.start(NodeSpec.replica(REPLICA, ROOTS.toArray(String[]::new)));
    cluster.awaitHealthy(REPLICA);
  }

  /** A primary PostgreSQL and, on the other one of two ports, its standby. */
  private static final class Servers implements AutoCloseable {
    private final int[] ports = {Ports.free(), Ports.free()};
    private EmbeddedPostgres primary = EmbeddedPostgres.builder().port(ports[0]).start();
    private Optional<EmbeddedPostgres> standby = Optional.empty();
    private Optional<EmbeddedPostgres> dead = Optional.empty();

    EmbeddedPostgres primary() {
      return primary;
    }

    /** Leads to the one that takes writes. */
    String url() {
      String own = "127.0.0.1:" + ports[0];
      return primary.jdbcUrl().replace(own, own + ",127.0.0.1:" + ports[1])
          + "&targetServerType=primary&hostRecheckSeconds=0&connectTimeout=2";
    }

    /** Makes a standby where the last primary was. */
    EmbeddedPostgres makeStandby() {
      dead.ifPresent(EmbeddedPostgres::close);
      dead = Optional.empty();
      int port = primary.port() == ports[0] ? ports[1] : ports[0];
      EmbeddedPostgres made =
          EmbeddedPostgres.builder().port(port).standbyOf(primary, STANDBY).start();
      standby = Optional.of(made);
      return made;
    }

    /** Kills the primary and promotes the standby. */
    void failOver() {
      primary.kill();
      dead = Optional.of(primary);
      primary = standby.orElseThrow();
      standby = Optional.empty();
      primary.promote();
    }

    @Override
    public void close() {
      standby.ifPresent(EmbeddedPostgres::close);
      primary.close();
      dead.ifPresent(EmbeddedPostgres::close);
    }
  }

  /** What the fail-overs are done with, and seen by. */
  private record Trial(
      Servers servers, Cluster cluster, FailoverWriter writer, Database replica, Random random) {

    /**
     * Returns the seconds from SIGKILL to the first entry, at the replica, of what was written
     * afterwards.
     *
     * @param withRoot whether the active root is killed as well
     */
    double failOver(boolean withRoot) throws Exception {
      EmbeddedPostgres standby = servers.makeStandby();
      followedBy(servers.primary(), standby);
      // From here on every COMMIT and all that is delivered waits for the standby.
      long before = writer.acknowledged();
      await("transactions under both settings", () -> writer.acknowledged() > before + 100);
      String active = activeRoot();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(1_000)));
      long began = System.nanoTime();
      if (withRoot) {
        cluster.kill(active);
      }
      servers.failOver();
      // There is no standby now; one is made next.
      setting(standby, "synchronous_standby_names", "");
      setting(standby, "synchronized_standby_slots", "");
      long acknowledged = writer.acknowledged();
      await("writes at the promoted standby", () -> writer.acknowledged() > acknowledged + 1);
      long wanted = writer.acknowledged();
      await("the replica goes on", () -> last(replica) >= wanted);
      double seconds = (System.nanoTime() - began) / 1e9;
      if (withRoot) {
        cluster.restart(active);
      }
      System.out.printf(
          "fail-over to port %d%s after %,d transactions: %.1f s; at sequence %,d%n",
          standby.port(),
          withRoot ? " without " + active : "",
          acknowledged,
          seconds,
          replica.head().lastSequence());
      return seconds;
    }

    /** Waits until one root sequences and the other follows it; returns the first. */
    private String activeRoot() throws Exception {
      List<String> active = new ArrayList<>();
      await(
          "one root sequences and the other follows",
          () -> {
            active.clear();
            int following = 0;
            for (String root : ROOTS) {
              NodeStatus status = cluster.status(root);
              if (kv(status, DatabaseState.SEQUENCING)) {
                active.add(root);
              } else if (kv(status, DatabaseState.STREAMING) && !status.complete().isEmpty()) {
                following++;
              }
            }
            return active.size() == 1 && following == 1;
          });
      return active.getFirst();
    }

    private static boolean kv(NodeStatus status, DatabaseState state) {
      return status.healthy()
          && status.databases().stream()
              .anyMatch(each -> each.name().equals("kv") && each.state() == state);
    }
  }

  /**
   * Has all of a primary's commits and deliveries wait for its standby, and the slot kept there.
   */
  private static void followedBy(EmbeddedPostgres primary, EmbeddedPostgres standby)
      throws Exception {
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
      Cluster cluster, Database replica, FailoverWriter writer, EmbeddedPostgres primary)
      throws Exception {
    long transactions = writer.acknowledged();
    await("the replica has all", () -> last(replica) == transactions);
    table(primary, replica);
    for (String name : ROOTS) {
      try (Database root = open(cluster, name)) {
        await(name + " has all", () -> last(root) == transactions);
        require(
            replica.head().chainHash().equals(root.head().chainHash())
                && replica.head().contentDigest().equals(root.head().contentDigest()),
            name + " and the replica differ: " + root.head() + " and " + replica.head());
        order(root, transactions);
      }
      require(cluster.process(name).isAlive(), name + " ended: " + cluster.lastLines());
    }
    require(cluster.process(REPLICA).isAlive(), "the replica ended: " + cluster.lastLines());
    return replica.head().lastSequence();
  }

  /** A log holds the entries of each transaction, once and in order, and nothing else. */
  private static void order(Database root, long transactions) {
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
  }

  private static String text(LogEntry entry) {
    return entry.operation()
        + " "
        + new String(entry.key(), StandardCharsets.UTF_8)
        + " "
        + new String(entry.value(), StandardCharsets.UTF_8);
  }

  /** The replica holds what the table holds, which may be millions of rows. */
  private static void table(EmbeddedPostgres postgres, Database replica) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        Snapshot snapshot = replica.snapshot()) {
      connection.setAutoCommit(false); // the driver fetches in parts only then
      statement.setFetchSize(10_000);
      long rows = 0;
      BigInteger sum = BigInteger.ZERO;
      try (ResultSet row = statement.executeQuery("SELECT key, value FROM kv")) {
        for (; row.next(); rows++) {
          sum =
              sum.add(
                  Model.term(
                      row.getString(1).getBytes(StandardCharsets.UTF_8),
                      row.getString(2).getBytes(StandardCharsets.UTF_8)));
        }
      }
      require(
          snapshot.pairs() == rows && Model.sum(snapshot).equals(sum),
          "the replica differs from the table");
    }
  }

  private static Database open(Cluster cluster, String node) throws Exception {
    DatabaseDirectory directory = new DatabaseDirectory(cluster.data(node));
    await("database kv on " + node, () -> directory.environment("kv").isPresent());
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
