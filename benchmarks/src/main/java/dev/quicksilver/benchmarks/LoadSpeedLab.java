package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
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
import java.util.OptionalLong;
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

  private static final ProcessOptions OPTIONS = ProcessOptions.heap(HEAP_MIB).asService();

  /** As {@code load} has it by itself; a root that is held reads nothing. */
  private static final int MAX_WAL_MIB = 1024;

  /** Every so many looks at the root the times of the processes are looked at, which costs more. */
  private static final int LOOKS = 50;

  private static final String BACKEND = "its COPY";

  private final Path folder;
  private final EmbeddedPostgres alone;
  private final EmbeddedPostgres central;
  private final Path data;
  private final Cluster cluster;
  private final ChildProcess root;
  private final Connection connection;
  private final Statement watching;
  private int loads;

  /**
   * What a load took, in seconds.
   *
   * @param command until the command had ended
   * @param searchable until the root held the last pair
   * @param processors what those who take part took of the processors
   */
  record Times(double command, double searchable, String processors) {}

  LoadSpeedLab(Path folder) throws Exception {
    this.folder = folder;
    cluster = Cluster.in(folder, OPTIONS);
    data = cluster.data("root");
    alone = EmbeddedPostgres.builder().directory(folder.resolve("alone")).start();
    // A root that is held hears nothing for as long as a load takes.
    central = cluster.embedPostgres(how -> how.setting("wal_sender_timeout", "0"));
    Migrations.migrate(alone.jdbcUrl(), "", "");
    root = cluster.start(NodeSpec.root("root"));
    cluster.awaitHealthy("root");
    connection = central.connect();
    watching = connection.createStatement();
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
    return inNewDatabase(
        sample,
        (name, copy) -> {
          long from = System.nanoTime();
          try (ChildProcess command = start(name, file, MAX_WAL_MIB)) {
            var processors = processors(command);
            double ended = 0;
            int looks = 0;
            while (copy.head().lastSequence() < sample.pairs()) {
              requireAlive(command);
              if (ended == 0 && !command.isAlive()) {
                ended = since(from);
              }
              if (++looks % LOOKS == 0) {
                sample(processors);
              }
              TimeUnit.MILLISECONDS.sleep(2);
            }
            double searchable = since(from);
            processors.sample();
            requireComplete(sample, name, command);
            return new Times(ended == 0 ? since(from) : ended, searchable, processors.toString());
          }
        });
  }

  /**
   * A load while the root is held, and then the root alone with what the load has written: the
   * command's seconds, and those of the root.
   */
  Times oneAfterTheOther(LoadSample sample) throws Exception {
    return inNewDatabase(
        sample,
        (name, copy) -> {
          root.hang();
          try {
            long from = System.nanoTime();
            try (ChildProcess command = start(name, sample.plain(), Integer.MAX_VALUE)) {
              await("the load to end", () -> !command.isAlive());
              double ended = since(from);
              requireComplete(sample, name, command);
              requireEqual("entries at a root that is held", 0L, copy.head().lastSequence());
              long goesOn = System.nanoTime();
              root.resume();
              while (copy.head().lastSequence() < sample.pairs()) {
                requireAlive(command);
                TimeUnit.MILLISECONDS.sleep(2);
              }
              return new Times(ended, since(goesOn), "");
            }
          } finally {
            root.resume();
          }
        });
  }

  /** What is done in a database that the root has and that is empty. */
  private interface Work {
    Times run(String name, Database copy) throws Exception;
  }

  private Times inNewDatabase(LoadSample sample, Work work) throws Exception {
    String name = "loaded" + ++loads;
    sql("SELECT quicksilver.create_database('" + name + "')");
    var directory = new DatabaseDirectory(data);
    await("the root to have " + name, () -> directory.environment(name).isPresent());
    Path environment = directory.environment(name).orElseThrow();
    Times times;
    try (Database copy = Database.openReadOnly(environment, StorageOptions.DEFAULT)) {
      settle();
      times = work.run(name, copy);
      check(sample, name, copy);
    }
    sql("SELECT quicksilver.drop_database('" + name + "')");
    await("the root to drop " + name, () -> directory.environment(name).isEmpty());
    return times;
  }

  private ChildProcess start(String name, Path file, int maxWalMib) throws IOException {
    return ChildProcess.start(
        "the load of " + name,
        folder.resolve(name + ".log"),
        OPTIONS,
        List.of(
            "load",
            name,
            "--from=" + file,
            "--max-wal=" + maxWalMib,
            "--rejects=" + folder.resolve(name + "-rejects.tsv"),
            "--summary=" + summary(name),
            "--postgres-url=" + central.jdbcUrl()));
  }

  private Path summary(String name) {
    return folder.resolve(name + ".json");
  }

  private static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private void requireAlive(ChildProcess command) throws InterruptedException {
    if (!command.isAlive() && command.awaitEnd() != 0) {
      throw new AssertionError("the load failed: " + command.output());
    }
    if (!root.isAlive()) {
      throw new AssertionError("the root ended: " + root.output());
    }
  }

  private void requireComplete(LoadSample sample, String name, ChildProcess command)
      throws IOException, InterruptedException {
    int code = command.awaitEnd();
    if (code != 0) {
      throw new AssertionError("the load failed: " + command.output());
    }
    JsonNode report = new ObjectMapper().readTree(Files.readString(summary(name)));
    requireEqual("records read", sample.pairs(), report.path("read").asLong());
    requireEqual("records loaded", sample.pairs(), report.path("loaded").asLong());
  }

  private ProcessorTimes processors(ChildProcess command) throws SQLException {
    var processors = new ProcessorTimes();
    processors.watchFromItsStart("loader", command.pid());
    processors.watch("WAL sender", pid("backend_type = 'walsender'").orElseThrow());
    processors.watch("root", root.pid());
    return processors;
  }

  private void sample(ProcessorTimes processors) throws SQLException {
    if (!processors.isWatched(BACKEND)) {
      OptionalLong backend = pid("application_name = 'quicksilver load'");
      if (backend.isPresent()) {
        processors.watchFromItsStart(BACKEND, backend.getAsLong());
      }
    }
    processors.sample();
  }

  private OptionalLong pid(String which) throws SQLException {
    try (ResultSet row = watching.executeQuery("SELECT pid FROM pg_stat_activity WHERE " + which)) {
      return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
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
  public void close() throws SQLException, IOException {
    connection.close();
    cluster.close();
    alone.close();
  }
}
