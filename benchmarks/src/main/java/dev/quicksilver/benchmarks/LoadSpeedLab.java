package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.StorageOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.postgresql.PGConnection;

/**
 * A PostgreSQL with a root, both processes of their own, into which files are loaded; and another
 * PostgreSQL, from which nobody reads, for COPY alone.
 */
final class LoadSpeedLab implements AutoCloseable {
  /** What the loader's heap may take, and the root's: that of {@code ./quicksilver}. */
  static final int HEAP_MIB = 256;

  private final Path folder;
  private final EmbeddedPostgres alone;
  private final EmbeddedPostgres central;
  private final Path data;
  private final ChildProcess root;
  private int loads;

  /**
   * What a load took, in seconds.
   *
   * @param command until the command had ended
   * @param searchable until the root held the last pair
   */
  record Times(double command, double searchable) {}

  LoadSpeedLab(Path folder) throws Exception {
    this.folder = folder;
    data = folder.resolve("root");
    alone = EmbeddedPostgres.builder().directory(folder.resolve("alone")).start();
    // A root that is held hears nothing for as long as a load takes.
    central =
        EmbeddedPostgres.builder()
            .directory(folder.resolve("central"))
            .setting("wal_sender_timeout", "0")
            .start();
    Migrations.migrate(alone.jdbcUrl(), "", "");
    int http = Ports.free();
    root =
        ChildProcess.startService(
            folder.resolve("root.log"),
            HEAP_MIB,
            List.of(
                "root",
                "--data-directory=" + data,
                "--http-listen=127.0.0.1:" + http,
                "--replication-listen=127.0.0.1:0",
                "--postgres-url=" + central.jdbcUrl()));
    root.awaitHealthy(http);
  }

  /** Seconds of COPY of a file into the table of a database, in the PostgreSQL that is alone. */
  double copy(LoadSample sample) throws Exception {
    String name = "copied" + ++loads;
    settle();
    try (Connection connection = alone.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT quicksilver.create_database('" + name + "')");
      long from = System.nanoTime();
      long rows;
      try (InputStream in = Files.newInputStream(sample.plain())) {
        rows =
            connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn("COPY " + name + " FROM STDIN", in, 1 << 16);
      }
      double seconds = (System.nanoTime() - from) / 1e9;
      requireEqual("rows that COPY has written", sample.pairs(), rows);
      statement.execute("SELECT quicksilver.drop_database('" + name + "')");
      return seconds;
    }
  }

  /** A load of a file, with the root at work. */
  Times load(LoadSample sample, Path file) throws Exception {
    return load(sample, file, false);
  }

  /**
   * A load while the root is held, and then the root alone with what the load has written: the
   * command's seconds, and those of the root.
   */
  Times oneAfterTheOther(LoadSample sample) throws Exception {
    return load(sample, sample.plain(), true);
  }

  private Times load(LoadSample sample, Path file, boolean held) throws Exception {
    String name = "loaded" + ++loads;
    sql("SELECT quicksilver.create_database('" + name + "')");
    var directory = new DatabaseDirectory(data);
    await("the root to have " + name, () -> directory.environment(name).isPresent());
    Path environment = directory.environment(name).orElseThrow();
    Times times;
    try (Database copy = Database.openReadOnly(environment, StorageOptions.DEFAULT)) {
      settle();
      if (held) {
        signal("STOP");
      }
      try {
        times = timed(sample, file, name, copy, held);
      } finally {
        if (held) {
          signal("CONT");
        }
      }
      check(sample, name, copy);
    }
    sql("SELECT quicksilver.drop_database('" + name + "')");
    await("the root to drop " + name, () -> directory.environment(name).isEmpty());
    return times;
  }

  private Times timed(LoadSample sample, Path file, String name, Database copy, boolean held)
      throws Exception {
    Path summary = folder.resolve(name + ".json");
    long from = System.nanoTime();
    long ended = 0;
    try (ChildProcess command =
        ChildProcess.startService(
            folder.resolve(name + ".log"),
            HEAP_MIB,
            List.of(
                "load",
                name,
                "--from=" + file,
                "--rejects=" + folder.resolve(name + "-rejects.tsv"),
                "--summary=" + summary,
                "--postgres-url=" + central.jdbcUrl()))) {
      if (held) {
        await("the load to end", () -> !command.isAlive());
        ended = System.nanoTime();
        requireEqual("pairs at a root that is held", 0L, copy.head().lastSequence());
        signal("CONT");
      }
      long began = held ? ended : from;
      while (copy.head().lastSequence() < sample.pairs()) {
        if (!command.isAlive() && command.exitCode() != 0) {
          throw new AssertionError("the load failed: " + command.output());
        }
        if (!root.isAlive()) {
          throw new AssertionError("the root ended: " + root.output());
        }
        if (!held && ended == 0 && !command.isAlive()) {
          ended = System.nanoTime();
        }
        TimeUnit.MILLISECONDS.sleep(2);
      }
      double searchable = (System.nanoTime() - began) / 1e9;
      requireEqual("exit code of the load", 0, command.exitCode());
      if (ended == 0) {
        ended = System.nanoTime();
      }
      JsonNode report = new ObjectMapper().readTree(Files.readString(summary));
      requireEqual("records read", sample.pairs(), report.path("read").asLong());
      requireEqual("records loaded", sample.pairs(), report.path("loaded").asLong());
      return new Times((ended - from) / 1e9, searchable);
    }
  }

  /** The root's copy and the table hold what the file holds. */
  private void check(LoadSample sample, String name, Database copy) throws SQLException {
    try (Snapshot snapshot = copy.snapshot()) {
      if (snapshot.get(sample.lastKey().getBytes(StandardCharsets.US_ASCII)) == null) {
        throw new AssertionError("the root does not have " + sample.lastKey());
      }
      requireEqual("pairs at the root", sample.pairs(), snapshot.pairs());
      requireEqual("entries at the root", sample.pairs(), snapshot.head().lastSequence());
      requireEqual("digest at the root", sample.digest(), snapshot.head().contentDigest());
    }
    try (Connection connection = central.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM " + name)) {
      row.next();
      requireEqual("rows in the table", sample.pairs(), row.getLong(1));
    }
  }

  private static void requireEqual(String what, Object wanted, Object found) {
    if (!wanted.equals(found)) {
      throw new AssertionError(what + ": " + found + ", and not " + wanted);
    }
  }

  /** What an earlier measurement has left to write is written before the next. */
  private void settle() throws Exception {
    for (EmbeddedPostgres postgres : List.of(alone, central)) {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("CHECKPOINT");
      }
    }
    SystemPackages.run(List.of("sync"));
  }

  private void sql(String sql) throws SQLException {
    try (Connection connection = central.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void signal(String name) throws IOException, InterruptedException {
    SystemPackages.run(List.of("sh", "-c", "kill -" + name + " " + root.pid()));
  }

  private void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(10);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited ten minutes for " + what + "; " + root.output());
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  @Override
  public void close() {
    root.close();
    central.close();
    alone.close();
  }
}
