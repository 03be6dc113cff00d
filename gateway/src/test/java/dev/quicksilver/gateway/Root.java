package dev.quicksilver.gateway;

import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * A database of its own, a copy of one that is migrated once in each PostgreSQL, with a slot of its
 * own, and a root that reads it.
 */
public final class Root implements AutoCloseable {
  /** Tests wait for what they wrote just now. */
  static final Duration WINDOW = Duration.ofMillis(10);

  /** A machine may be busy; nothing is proved by how soon something comes. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** What the next start opens the databases with. */
  StorageOptions options = StorageOptions.DEFAULT.withMapSize(1L << 30);

  /** What nodes below report to; a test that has some serves the databases with it. */
  final Subtree below = new Subtree();

  public final Connection connection;
  public final GatewayConfig config;
  private final EmbeddedPostgres postgres;
  private Path data;
  private DatabaseSet databases;
  private Gateway gateway;

  public Root(EmbeddedPostgres postgres, String name, Path data) throws SQLException {
    this(postgres, migrated(postgres), name, data);
  }

  private Root(EmbeddedPostgres postgres, String template, String name, Path data)
      throws SQLException {
    this.postgres = postgres;
    this.data = data;
    try (Connection server = postgres.connect()) {
      new SqlSession(server).execute("CREATE DATABASE " + name + " TEMPLATE " + template);
    }
    connection = postgres.connect(name);
    GatewayConfig defaults = GatewayConfig.of(postgres.jdbcUrl(name), "", "");
    config =
        new GatewayConfig(defaults.jdbcUrl(), "", "", WINDOW, name, "quicksilver", Duration.ZERO)
            .withConfirmAfter(Duration.ZERO);
  }

  /** One on a copy of another root's database, which nobody may be connected to. */
  static Root copyOf(EmbeddedPostgres postgres, String original, String name, Path data)
      throws SQLException {
    return new Root(postgres, original, name, data);
  }

  private static String migrated(EmbeddedPostgres postgres) throws SQLException {
    try (Connection server = postgres.connect()) {
      SqlSession session = new SqlSession(server);
      if (session
          .query("SELECT count(*) FROM pg_database WHERE datname = 'migrated'")
          .equals("0")) {
        session.execute("CREATE DATABASE migrated");
        Migrations.migrate(postgres.jdbcUrl("migrated"), "", "");
      }
    }
    return "migrated";
  }

  Root start() throws Exception {
    launch(config);
    awaitState(GatewayStatus.State.STREAMING);
    return this;
  }

  public void launch(GatewayConfig other) {
    databases = DatabaseSet.open(data, options);
    gateway = Gateway.start(other, databases, below);
  }

  /** Takes another data directory for the next start. */
  void moveTo(Path other) {
    data = other;
  }

  public Gateway gateway() {
    return gateway;
  }

  DatabaseSet databases() {
    return databases;
  }

  void stop() {
    if (gateway != null) {
      gateway.close();
      databases.close();
      awaitFreeSlot();
    }
  }

  /** A connection that was closed here frees the slot in PostgreSQL a moment later. */
  private void awaitFreeSlot() {
    try {
      eventually(
          "the slot is free",
          () -> {
            try (Connection server = postgres.connect();
                Statement statement = server.createStatement();
                ResultSet row =
                    statement.executeQuery(
                        "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '"
                            + config.slotName()
                            + "'")) {
              return row.next() && row.getInt(1) == 0;
            }
          });
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** From now on DDL is not looked at, as where no superuser ran the migrations. */
  void unguard() throws SQLException {
    for (String name : List.of("after_ddl", "on_drop", "on_rewrite")) {
      execute("ALTER EVENT TRIGGER quicksilver_" + name + " DISABLE");
    }
  }

  /** Drops the slot, once PostgreSQL has noticed that nobody reads it any more. */
  void dropSlot() throws Exception {
    dropSlot(config.slotName());
  }

  void dropSlot(String name) throws Exception {
    String slot = "'" + name + "'";
    eventually(
        "slot " + slot + " is free",
        () ->
            query("SELECT active FROM pg_replication_slots WHERE slot_name = " + slot).equals("f"));
    execute("SELECT pg_drop_replication_slot(" + slot + ")");
  }

  public String query(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  /** The table's rows, values as PostgreSQL's bytes of the text. */
  Map<String, String> table(String name) throws SQLException {
    Map<String, String> pairs = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT key, value::text FROM " + name)) {
      while (rows.next()) {
        pairs.put(rows.getString(1), rows.getString(2));
      }
    }
    return pairs;
  }

  Map<String, String> pairs(String database) {
    Map<String, String> pairs = new TreeMap<>();
    databases
        .get(database)
        .ifPresent(
            open -> {
              try (Snapshot snapshot = open.snapshot();
                  Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
                while (scan.next()) {
                  pairs.put(LogEntries.text(scan.key()), LogEntries.text(scan.value()));
                }
              }
            });
    return pairs;
  }

  /** The log as {@code SET key value}. */
  public List<String> log(String database) {
    return LogEntries.lines(databases.get(database).orElseThrow());
  }

  List<LogEntry> entries(String database) {
    return LogEntries.of(databases.get(database).orElseThrow());
  }

  /** Waits until all that is committed in PostgreSQL now is durable here. */
  public void catchUp() throws Exception {
    long target = Long.parseLong(query("SELECT pg_current_wal_insert_lsn() - '0/0'"));
    execute("SELECT pg_logical_emit_message(false, 'test', 'moves the WAL beyond the target')");
    awaitStatus(gateway, status -> status.position().lsn() >= target, "position " + target);
  }

  /** Waits for a state of the gateway; one that failed for another reason fails the test. */
  public void awaitState(GatewayStatus.State state) throws Exception {
    awaitStatus(gateway, status -> status.state() == state, state.toString());
  }

  public static void awaitStatus(Gateway gateway, Predicate<GatewayStatus> condition, String what)
      throws Exception {
    await(
        what,
        () -> {
          GatewayStatus status = gateway.status();
          if (status.state() == GatewayStatus.State.FAILED && !condition.test(status)) {
            gateway.await();
          }
          return status;
        },
        condition);
  }

  /** Waits until what is reported is as it should be, and tells what it was if it never is. */
  static <T> void await(String what, Callable<T> reported, Predicate<? super T> condition)
      throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    T last = reported.call();
    while (!condition.test(last)) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + LIMIT + ": " + what + ", but " + last);
      }
      LockSupport.parkNanos(2_000_000);
      last = reported.call();
    }
  }

  public static void eventually(String what, Callable<Boolean> condition) throws Exception {
    await(what, condition, Boolean::booleanValue);
  }

  @Override
  public void close() throws SQLException {
    stop();
    connection.close();
    String name = config.slotName();
    try (Connection server = postgres.connect();
        Statement statement = server.createStatement()) {
      statement.execute(
          "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
              + " WHERE slot_name = '"
              + name
              + "' AND NOT active");
      statement.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }
  }
}
