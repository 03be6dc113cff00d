package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * A bridge as a process of its own over a replica's data directory, and an analyst's PostgreSQL
 * whose schema {@code edge} has its tables. Everything is gone after {@link #close()}.
 *
 * <p>{@code big} has keys of 30 bytes and values of 100, {@code small} 1,500 pairs and one key of
 * 511 bytes. Both are written to storage directly.
 */
final class LargeEdge implements AutoCloseable {
  private static final Path ATTACH =
      Path.of("sql/src/main/resources/dev/quicksilver/sql/R__attach_edge.sql");
  private static final int SMALL = 1500;

  private static final String BRIDGE = "bridge";
  private static final String DATA = "data";

  private final Cluster cluster;
  private final EmbeddedPostgres analyst;

  private LargeEdge(Cluster cluster, UnaryOperator<NodeSpec> how) throws Exception {
    this.cluster = cluster;
    cluster.start(how.apply(NodeSpec.bridge(BRIDGE, DATA)));
    cluster.awaitHealthy(BRIDGE);
    analyst = cluster.embedPostgres();
    attach();
  }

  /**
   * Starts all of it for a comparison of speed: on equal terms with PostgreSQLs, which are not
   * nice, and with clients that would run on another machine.
   */
  static LargeEdge startAsNiceAsItsPeer(int pairs) throws Exception {
    System.out.println(
        "the bridge with niceness 0, as its peers; bridge.niceness is 10 by default");
    return start(pairs, how -> how.with(Settings.BRIDGE_NICENESS, "0"));
  }

  /**
   * Starts all of it.
   *
   * @param pairs how many {@code big} has
   * @param how changes what the bridge is started with
   */
  static LargeEdge start(int pairs, UnaryOperator<NodeSpec> how) throws Exception {
    Cluster cluster = Cluster.temporary(Processes.SERVICE);
    try {
      write(cluster.data(DATA), pairs);
      return new LargeEdge(cluster, how);
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  private static void write(Path data, int pairs) {
    StorageOptions options = StorageOptions.DEFAULT.withoutDurability();
    try (var databases = DatabaseSet.open(data, options)) {
      Database big =
          databases.create(new DatabaseIdentity(UUID.randomUUID(), "big", "text", "text"));
      fill(big, pairs);
      Database small =
          databases.create(new DatabaseIdentity(UUID.randomUUID(), "small", "text", "text"));
      fill(small, SMALL);
      try (Appender appender = small.append()) {
        long lsn = small.head().position().lsn() + 100;
        appender.begin(lsn, 1_704_067_200_000_000L + lsn);
        appender.set(bytes("x".repeat(511)), bytes("long"));
        appender.end(new Position(1, 1, lsn + 8));
        appender.commit();
      }
    }
  }

  private static void fill(Database database, int pairs) {
    byte[] value = bytes("v".repeat(100));
    try (Appender appender = database.append()) {
      for (int i = 0; i < pairs; i++) {
        long lsn = 100L * (i / 1000 + 1);
        if (i % 1000 == 0) {
          appender.begin(lsn, 1_704_067_200_000_000L + lsn);
        }
        String number = String.format(Locale.ROOT, "%08d", i);
        appender.set(bytes("host" + number + ".edge.example.com."), value);
        if (i % 1000 == 999 || i == pairs - 1) {
          appender.end(new Position(1, 1, lsn + 8));
        }
      }
      appender.commit();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void attach() throws SQLException, IOException {
    try (Connection connection = analyst.connect();
        Statement statement = connection.createStatement()) {
      attach(statement);
    }
  }

  /** Makes the edge's foreign tables in a PostgreSQL, in schema {@code edge}. */
  void attach(Statement statement) throws SQLException, IOException {
    statement.execute(Files.readString(ATTACH));
    statement.execute("SELECT * FROM quicksilver.attach_edge('edge', '127.0.0.1', " + port() + ")");
  }

  /** A session on the bridge itself. */
  Connection direct() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port() + "/quicksilver?user=analyst");
  }

  /** A session on the analyst's PostgreSQL. */
  Connection analyst() throws SQLException {
    return analyst.connect();
  }

  /** The analyst's PostgreSQL itself. */
  EmbeddedPostgres analystPostgres() {
    return analyst;
  }

  ChildProcess bridge() {
    return cluster.process(BRIDGE);
  }

  int port() {
    return cluster.port(BRIDGE, "bridge");
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}
