package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.gateway.UnixSocketFactory;
import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL with WAL that many readers read, each from a slot of its own made before. */
final class RateSource implements AutoCloseable {
  private static final String NAME = "sample";

  private final EmbeddedPostgres postgres =
      EmbeddedPostgres.builder().setting("max_replication_slots", "40").start();
  private final Path folder;
  private final int rounds;
  private final long transactions;
  private final int rows;
  private @Nullable Head expected;
  private long endLsn;

  /** Makes the database, the slots and the WAL. */
  RateSource(Path folder, int rounds, long transactions, int rows) throws Exception {
    this.folder = folder;
    this.rounds = rounds;
    this.transactions = transactions;
    this.rows = rows;
    try {
      prepare();
    } catch (Exception | AssertionError e) {
      postgres.close();
      throw e;
    }
  }

  private void prepare() throws Exception {
    Migrations.migrate(postgres.jdbcUrl(), "", "");
    sql("SELECT quicksilver.create_database('" + NAME + "')");
    try (DatabaseSet databases = DatabaseSet.open(start(), StorageSample.KEEPING_LOG);
        Gateway gateway = Gateway.start(GatewayConfig.of(url(), "", ""), databases)) {
      while (gateway.status().state() != GatewayStatus.State.STREAMING) {
        pause(gateway);
      }
    }
    while (!query("SELECT active FROM pg_replication_slots").equals("f")) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    copySlot("bare");
    for (int i = 0; i < rounds; i++) {
      copySlot("gateway_" + i);
      copySlot("subscriber_" + i);
      copySlot("debezium_" + i);
    }
    write();
    sql("CHECKPOINT");
  }

  private void copySlot(String name) throws SQLException {
    sql("SELECT pg_copy_logical_replication_slot(quicksilver.slot_name(), '" + name + "')");
  }

  private void write() throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = off");
      statement.execute(
          """
          DO $$ BEGIN
            FOR t IN 0..%d LOOP
              INSERT INTO %s
                SELECT 'key ' || lpad(i::text, 25, '0'),
                       md5('a' || i) || md5('b' || i) || md5('c' || i) || 'tail'
                FROM generate_series(t * %d, t * %d + %d) i;
              COMMIT;
            END LOOP;
          END $$\
          """
              .formatted(transactions - 1, NAME, rows, rows, rows - 1));
    }
  }

  long entries() {
    return transactions * rows;
  }

  private String url() {
    return unixUrl(postgres);
  }

  /** The driver's URL, over the Unix socket. */
  static String unixUrl(EmbeddedPostgres postgres) {
    Path socket = postgres.socketDirectory().resolve(".s.PGSQL." + postgres.port());
    return postgres.jdbcUrl()
        + "&socketFactory="
        + UnixSocketFactory.class.getName()
        + "&socketFactoryArg="
        + URLEncoder.encode(socket.toString(), StandardCharsets.UTF_8);
  }

  private Path start() {
    return folder.resolve("start");
  }

  /** Returns entries per second of the bare reader. */
  double bare() throws Exception {
    long began = System.nanoTime();
    endLsn = BareReader.read(url(), "bare", transactions, entries());
    return rate(began);
  }

  /** Returns entries per second of the gateway, the last of them durable. */
  double gateway(int round) throws Exception {
    Path data = folder.resolve("root-" + round);
    SystemPackages.run(List.of("cp", "-a", start().toString(), data.toString()));
    GatewayConfig defaults = GatewayConfig.of(url(), "", "");
    GatewayConfig config =
        new GatewayConfig(
            defaults.jdbcUrl(),
            "",
            "",
            defaults.window(),
            "gateway_" + round,
            defaults.publication(),
            defaults.idleInterval());
    try (DatabaseSet databases = DatabaseSet.open(data, StorageSample.KEEPING_LOG)) {
      Database database = databases.get(NAME).orElseThrow();
      double rate;
      long began = System.nanoTime();
      try (Gateway gateway = Gateway.start(config, databases)) {
        while (database.head().lastSequence() < entries()) {
          pause(gateway);
        }
        rate = rate(began);
      }
      check(database.head());
      return rate;
    } finally {
      Folders.remove(data);
    }
  }

  /** Returns events per second of the Debezium engine. */
  double debezium(Debezium engine, int round) throws Exception {
    return engine.rate(postgres, "debezium_" + round, "public." + NAME, entries());
  }

  /** Every round reads the same WAL, so it must end with the same hash. */
  private void check(Head head) {
    Head first = expected;
    if (first == null) {
      expected = head;
    } else if (!first.chainHash().equals(head.chainHash())) {
      throw new AssertionError("two rounds differ: " + first + " and " + head);
    }
  }

  /** Returns entries per second of PostgreSQL's own subscriber, with its default options. */
  double subscriber(EmbeddedPostgres to, int round) throws Exception {
    String wanted = "'0/0'::pg_lsn + " + endLsn;
    double rate;
    try (Connection connection = to.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("TRUNCATE " + NAME);
      statement.execute("CHECKPOINT");
      long began = System.nanoTime();
      statement.execute(
          String.format(
              "CREATE SUBSCRIPTION s CONNECTION 'host=%s port=%d user=postgres dbname=postgres'"
                  + " PUBLICATION quicksilver WITH (create_slot = false, copy_data = false,"
                  + " binary = true, slot_name = 'subscriber_%d')",
              postgres.socketDirectory(), postgres.port(), round));
      String done =
          "SELECT count(*) FROM pg_replication_origin_status WHERE remote_lsn >= " + wanted;
      while (!first(statement, done).equals("1")) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        if (System.nanoTime() - began > TimeUnit.MINUTES.toNanos(5)) {
          throw new AssertionError("PostgreSQL's subscriber did not get there; " + to.log());
        }
      }
      rate = rate(began);
      String count = first(statement, "SELECT count(*) FROM " + NAME);
      if (Long.parseLong(count) != entries()) {
        throw new AssertionError("PostgreSQL's subscriber has " + count + " rows");
      }
      statement.execute("ALTER SUBSCRIPTION s DISABLE");
      statement.execute("ALTER SUBSCRIPTION s SET (slot_name = NONE)");
      statement.execute("DROP SUBSCRIPTION s");
    }
    return rate;
  }

  /** A PostgreSQL with the same tables and nothing in them. */
  static EmbeddedPostgres subscriber() throws SQLException {
    EmbeddedPostgres to = EmbeddedPostgres.start();
    Migrations.migrate(to.jdbcUrl(), "", "");
    try (Connection connection = to.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT quicksilver.create_database('" + NAME + "')");
    }
    return to;
  }

  private double rate(long began) {
    return entries() * 1e9 / (System.nanoTime() - began);
  }

  private static void pause(Gateway gateway) throws InterruptedException {
    if (gateway.status().state() == GatewayStatus.State.FAILED) {
      gateway.await();
    }
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
  }

  private void sql(String statement) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement run = connection.createStatement()) {
      run.execute(statement);
    }
  }

  private String query(String question) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      return first(statement, question);
    }
  }

  private static String first(Statement statement, String question) throws SQLException {
    try (ResultSet row = statement.executeQuery(question)) {
      row.next();
      return row.getString(1);
    }
  }

  @Override
  public void close() throws IOException {
    postgres.close();
  }
}
