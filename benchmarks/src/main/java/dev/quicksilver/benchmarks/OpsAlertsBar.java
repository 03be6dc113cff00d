package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.BRIDGE_TLS_CERTIFICATE;
import static dev.quicksilver.cli.config.Settings.BRIDGE_TLS_KEY;
import static dev.quicksilver.cli.config.Settings.DATA_LOG_MAX_SIZE;
import static dev.quicksilver.cli.config.Settings.DATA_MAP_SIZE;
import static dev.quicksilver.cli.config.Settings.REPLICATION_ASK_AGAIN_AFTER;
import static dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS;
import static dev.quicksilver.cli.config.Settings.ROOT_CONFIRM_AFTER;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.fixtures.FaultProxy;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.DatabaseDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code ops.alerts}: a real Prometheus with the rules of {@code ops/prometheus} scrapes a real
 * tree and a real exporter of PostgreSQL; the cause of one alert after the other is caused, and has
 * to make it fire; then it is cured, and the alert has to clear. Times and thresholds are shorter
 * in the copy of the rules that is used: the output says how. The bar is met only if all alerts
 * were tried; promtool tries them with the times that they have (AlertRulesPromtoolTest in cli).
 */
final class OpsAlertsBar implements Bar {
  private static final String ROOT = "root";
  private static final String RELAY = "relay";
  private static final String EDGE = "edge";
  private static final String BRIDGE = "bridge";

  /** Follows itself first, and then the relay. */
  private static final String STRAY = "stray";

  /** Has little room. */
  private static final String SMALL = "small";

  private static final Path RULES = Path.of("ops/prometheus/quicksilver.rules.yml");
  private static final Path QUERIES = Path.of("ops/prometheus/postgres-exporter.yml");
  private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: (\\w+)$");
  private static final int LONGEST_SECONDS = 60;

  /** What would take too long to reach, and what takes its place. */
  private static final Map<String, String> SHORTER =
      Map.of(
          "quicksilver_replication_lag_seconds > 60", "quicksilver_replication_lag_seconds > 4",
          "quicksilver_oldest_reader_seconds > 1800", "quicksilver_oldest_reader_seconds > 4",
          "4 * 1024 * 1024 * 1024", "32 * 1024 * 1024",
          "oldest_seconds > 10", "oldest_seconds > 3");

  @Override
  public String name() {
    return "ops.alerts";
  }

  @Override
  public String description() {
    return "each alert fires and clears on a real Prometheus, its cause caused and cured";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    AlertingPrometheus.install();
    Path home = Launcher.home().toAbsolutePath();
    String rules = Files.readString(home.resolve(RULES));
    Set<String> all =
        ALERT
            .matcher(rules)
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    try (Cluster cluster = Processes.cluster()) {
      EmbeddedPostgres postgres = cluster.embedPostgres();
      Path shorter = cluster.folder().resolve("quicksilver.rules.yml");
      Files.writeString(shorter, shorter(rules));
      System.out.println(SystemPackages.run(List.of("promtool", "check", "rules", shorter + "")));
      List<String> nodes =
          List.of(ROOT, RELAY, EDGE, BRIDGE, STRAY, SMALL).stream()
              .map(node -> cluster.address(node, "http"))
              .toList();
      Trial trial = new Trial(cluster, postgres);
      trial.startTree();
      try (AlertingPrometheus prometheus =
          AlertingPrometheus.start(
              cluster.folder(),
              shorter,
              nodes,
              home.resolve(QUERIES),
              CentralPostgres.of(postgres))) {
        trial.run(prometheus);
      }
      Set<String> not = new TreeSet<>(all);
      not.removeAll(trial.good);
      return new Outcome(
          String.format(
              Locale.ROOT,
              "%d of %d alerts fired and cleared%s%s",
              trial.good.size(),
              all.size(),
              not.isEmpty() ? "" : "; not tried, or not as they should: " + String.join(", ", not),
              trial.failures == 0 ? "" : "; " + trial.failures + " trials failed"),
          "each fires and clears",
          not.isEmpty() && trial.failures == 0);
    }
  }

  /** The same rules with times that a bar can wait for. */
  private static String shorter(String rules) throws IOException {
    String text = rules.replaceAll("(?m)^( +for: )\\S+$", "$12s");
    text = text.replaceAll("\\[\\d+m]", "[15s]");
    System.out.println("in the copy of the rules each for: is 2s, each window 15s, and");
    for (Map.Entry<String, String> each : new TreeMap<>(SHORTER).entrySet()) {
      if (!text.contains(each.getKey())) {
        throw new IOException(RULES + " has no " + each.getKey() + " any more");
      }
      text = text.replace(each.getKey(), each.getValue());
      System.out.println("  " + each.getKey() + " is " + each.getValue());
    }
    return text;
  }

  /** Something that is done to the tree. */
  @FunctionalInterface
  private interface Action {
    void run() throws Exception;
  }

  /** One run: a tree, and what is done to it. */
  private static final class Trial {
    private final Cluster cluster;
    private final EmbeddedPostgres postgres;
    private final Path certificate;
    private final Path key;
    private final Set<String> good = new TreeSet<>();
    private int failures;

    Trial(Cluster cluster, EmbeddedPostgres postgres) {
      this.cluster = cluster;
      this.postgres = postgres;
      certificate = cluster.folder().resolve("bridge.pem");
      key = cluster.folder().resolve("bridge.key");
    }

    void startTree() throws Exception {
      cluster.start(NodeSpec.root(ROOT).with(ROOT_CONFIRM_AFTER, "1s"));
      cluster.awaitHealthy(ROOT);
      execute("SELECT quicksilver.create_database('dns')");
      cluster.start(NodeSpec.replica(RELAY, ROOT));
      cluster.start(NodeSpec.replica(EDGE, RELAY));
      cluster.awaitHealthy(EDGE);
      execute("INSERT INTO dns VALUES ('damaged', 'to be found')");
      cluster.awaitStatus(
          EDGE, "to have the row", said -> said.databases().stream().anyMatch(d -> d.pairs() == 1));
      certificate(3);
      cluster.start(
          NodeSpec.bridge(BRIDGE, EDGE)
              .with(BRIDGE_TLS_CERTIFICATE, certificate.toString())
              .with(BRIDGE_TLS_KEY, key.toString()));
      cluster.awaitHealthy(BRIDGE);
    }

    void run(AlertingPrometheus prometheus) throws Exception {
      try (ExecutorService threads = Executors.newCachedThreadPool()) {
        Future<?> beat = threads.submit(this::beat);
        try {
          all(prometheus, threads);
        } finally {
          beat.cancel(true);
        }
      }
    }

    /** A row that changes all the time; it waits for nobody. */
    private Object beat() throws SQLException {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("SET synchronous_commit = local");
        while (true) {
          statement.execute(
              "INSERT INTO dns VALUES ('beat', now()::text)"
                  + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
          TimeUnit.MILLISECONDS.sleep(200);
        }
      } catch (InterruptedException e) {
        return "over";
      }
    }

    private void all(AlertingPrometheus prometheus, ExecutorService threads) throws Exception {
      String root = cluster.address(ROOT, "http");
      String relay = cluster.address(RELAY, "http");
      String edge = cluster.address(EDGE, "http");
      String bridge = cluster.address(BRIDGE, "http");
      String small = cluster.address(SMALL, "http");

      tried(
          prometheus,
          "the bridge has a certificate for three days; then one for a year",
          () -> {},
          () -> {},
          () -> certificate(365),
          "QuicksilverCertificateExpires " + bridge);
      Set<String> well = prometheus.firing();
      well.removeIf(
          alert ->
              !List.of(root, relay, edge, bridge)
                  .contains(alert.substring(alert.indexOf(' ') + 1)));
      System.out.println("firing while all is well: " + well);
      failures += well.size();

      tried(
          prometheus,
          "the bridge's certificate is overwritten; then put back",
          () -> Files.writeString(certificate, "no certificate\n"),
          () -> {},
          () -> certificate(365),
          "QuicksilverCertificateNotTaken " + bridge);
      tried(
          prometheus,
          "the relay is killed; then started again",
          () -> cluster.kill(RELAY),
          () -> {},
          () -> cluster.restart(RELAY),
          "QuicksilverDown " + relay,
          "QuicksilverUnhealthy " + edge,
          "QuicksilverNotFollowing " + edge,
          "QuicksilverStale " + edge);
      List<Future<?>> waiting = new ArrayList<>();
      tried(
          prometheus,
          "the root is killed while commits wait for it, and WAL is written; then started again",
          () -> {
            execute("ALTER SYSTEM SET synchronous_standby_names = '\"quicksilver-root\"'");
            execute("SELECT pg_reload_conf()");
            cluster.kill(ROOT);
            execute(
                "CREATE TABLE noise AS SELECT i, repeat(md5(i::text), 32) AS t"
                    + " FROM generate_series(1, 40000) AS s (i)");
            waiting.add(threads.submit(this::waitingCommit));
          },
          () -> {},
          () -> cluster.restart(ROOT),
          "QuicksilverNoRoot " + prometheus.exporter(),
          "QuicksilverWalRetained " + prometheus.exporter(),
          "QuicksilverCommitsWaitForRoot " + prometheus.exporter());
      for (Future<?> commit : waiting) {
        commit.get(LONGEST_SECONDS, TimeUnit.SECONDS);
      }
      execute("ALTER SYSTEM RESET synchronous_standby_names");
      execute("SELECT pg_reload_conf()");
      tried(
          prometheus,
          "a node has itself as its upstream; then the relay",
          () -> cluster.start(stray().following(STRAY)),
          () -> {},
          () -> {
            cluster.stop(STRAY);
            cluster.start(stray().following(RELAY));
          },
          "QuicksilverRefused " + cluster.address(STRAY, "http"));
      cluster.stop(STRAY);
      slow(prometheus);
      tried(
          prometheus,
          "the edge is stopped (SIGSTOP) while 20,000 rows are written; then goes on",
          () -> {
            cluster.process(EDGE).hang();
            execute("INSERT INTO dns SELECT 'f' || i, '' FROM generate_series(1, 20000) AS s (i)");
          },
          () -> {},
          () -> cluster.process(EDGE).resume(),
          "QuicksilverFollowerBehind " + relay);
      cluster.awaitHealthy(EDGE);
      reader(prometheus, edge);
      tried(
          prometheus,
          "a value is changed in the edge's file and read; then copied anew",
          () -> {},
          () -> {
            damage();
            cluster.ask(EDGE, "/get?database=dns&key=damaged");
          },
          () -> require(cluster.run("copy-anew", "dns", "--node=" + edge).exitCode()),
          "QuicksilverDamaged " + edge);
      tried(
          prometheus,
          "32 MB for a node whose databases have room for 16; then it has more",
          () -> {
            cluster.start(small("16", "4"));
            execute(
                "INSERT INTO dns SELECT 's' || i, repeat(md5(i::text), 128)"
                    + " FROM generate_series(1, 8000) AS s (i)");
          },
          () -> {},
          () -> {
            cluster.stop(SMALL);
            cluster.start(small("1024", "4"));
          },
          "QuicksilverStorageErrors " + small);
      cluster.awaitHealthy(SMALL);
      tried(
          prometheus,
          "a node's log may have 4 MiB and a day; then 64 MiB",
          () -> {},
          () ->
              execute(
                  "INSERT INTO dns SELECT 'l' || i, md5(random()::text) || md5(random()::text)"
                      + " FROM generate_series(1, 3000) AS s (i)"
                      + " ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
          () -> {
            cluster.stop(SMALL);
            cluster.start(small("1024", "64"));
          },
          "QuicksilverLogCutShort " + small);
    }

    /** A network of some kilobytes a second. */
    private void slow(AlertingPrometheus prometheus) throws Exception {
      try (FaultProxy proxy = new FaultProxy(cluster.port(RELAY, "replication"), 1)) {
        NodeSpec node = stray().with(REPLICATION_UPSTREAMS, "127.0.0.1:" + proxy.port());
        cluster.start(node);
        cluster.awaitHealthy(STRAY);
        tried(
            prometheus,
            "a node that was away while 30,000 rows were written has a slow network; then a good"
                + " one",
            () -> {
              cluster.stop(STRAY);
              execute(
                  "INSERT INTO dns SELECT 'g' || i, md5(random()::text)"
                      + " FROM generate_series(1, 30000) AS s (i)");
              proxy.slow(true);
              cluster.start(node);
            },
            () -> {},
            () -> proxy.slow(false),
            "QuicksilverLagging " + cluster.address(STRAY, "http"));
        cluster.stop(STRAY);
      }
    }

    /** An analyst's transaction that stays open. */
    private void reader(AlertingPrometheus prometheus, String edge) throws Exception {
      String url = "jdbc:postgresql://" + cluster.address(BRIDGE, "bridge") + "/quicksilver";
      try (Connection analyst =
          DriverManager.getConnection(url + "?sslmode=require", "analyst", "")) {
        tried(
            prometheus,
            "a session of the bridge keeps its snapshot; then ends its transaction",
            () -> {
              analyst.setAutoCommit(false);
              analyst.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
              try (Statement statement = analyst.createStatement()) {
                statement.execute("SELECT value FROM dns WHERE key = 'beat'");
              }
            },
            () -> {},
            analyst::rollback,
            "QuicksilverReaderTooOld " + edge);
      }
    }

    private static NodeSpec stray() {
      return NodeSpec.replica(STRAY).with(REPLICATION_ASK_AGAIN_AFTER, "1s");
    }

    private static NodeSpec small(String mapMib, String logMib) {
      return NodeSpec.replica(SMALL, RELAY)
          .with(DATA_MAP_SIZE, mapMib)
          .with(DATA_LOG_MAX_SIZE, logMib);
    }

    /**
     * Causes something, waits until alerts fire, cures it, waits until they are gone.
     *
     * @param each done again and again until they fire
     * @param alerts {@code ALERT INSTANCE}
     */
    private void tried(
        AlertingPrometheus prometheus,
        String what,
        Action cause,
        Action each,
        Action cure,
        String... alerts)
        throws Exception {
      System.out.println(what);
      Set<String> wanted = new TreeSet<>(Arrays.asList(alerts));
      long began = System.nanoTime();
      cause.run();
      Set<String> missing = new TreeSet<>(wanted);
      while (!missing.isEmpty() && seconds(began) < LONGEST_SECONDS) {
        each.run();
        TimeUnit.MILLISECONDS.sleep(300);
        missing.removeAll(prometheus.firing());
      }
      double fired = seconds(began);
      long cured = System.nanoTime();
      cure.run();
      Set<String> left = new TreeSet<>(wanted);
      while (!left.isEmpty() && seconds(cured) < LONGEST_SECONDS) {
        TimeUnit.MILLISECONDS.sleep(300);
        Set<String> firing = prometheus.firing();
        left.retainAll(firing);
      }
      for (String alert : wanted) {
        boolean isGood = !missing.contains(alert) && !left.contains(alert);
        if (isGood) {
          good.add(alert.substring(0, alert.indexOf(' ')));
        } else {
          failures++;
        }
        System.out.printf(
            Locale.ROOT,
            "  %-60s %s, %s%n",
            alert,
            missing.contains(alert) ? "DID NOT FIRE" : "fired",
            left.contains(alert) ? "DID NOT CLEAR" : "cleared");
      }
      System.out.printf(
          Locale.ROOT, "  all within %.0f s, gone %.0f s later%n", fired, seconds(cured));
    }

    private static double seconds(long since) {
      return (System.nanoTime() - since) / 1e9;
    }

    private static void require(int exitCode) throws IOException {
      if (exitCode != 0) {
        throw new IOException("a command failed with " + exitCode);
      }
    }

    /** A commit that waits for the root, in the synchronous mode. */
    private Object waitingCommit() throws SQLException {
      execute("INSERT INTO dns VALUES ('waiting', '')", "on");
      return "over";
    }

    private void execute(String sql) throws SQLException {
      execute(sql, "local");
    }

    private void execute(String sql, String synchronousCommit) throws SQLException {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("SET synchronous_commit = " + synchronousCommit);
        statement.execute(sql);
      }
    }

    /** Puts a certificate of this machine in its place, all at once. */
    private void certificate(int days) throws IOException, InterruptedException {
      Path made = cluster.folder().resolve("made.pem");
      if (!Files.exists(key)) {
        SystemPackages.run(
            List.of(
                "openssl",
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
                key.toString()));
      }
      SystemPackages.run(
          List.of(
              "openssl",
              "req",
              "-x509",
              "-new",
              "-key",
              key.toString(),
              "-subj",
              "/CN=localhost",
              "-days",
              days + "",
              "-out",
              made.toString()));
      Files.move(made, certificate, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Changes a value in the edge's file, as a disk might. */
    private void damage() throws IOException {
      Path file =
          new DatabaseDirectory(cluster.data(EDGE))
              .environment("dns")
              .orElseThrow()
              .resolve("data.mdb");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        String bytes = new String(Files.readAllBytes(file), ISO_8859_1);
        String value = "to be found";
        for (int at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) {
          channel.write(ByteBuffer.wrap("T".getBytes(UTF_8)), at);
        }
      }
    }
  }
}
