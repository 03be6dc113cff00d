package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.ClusterException;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.InstalledPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * {@code gateway.restore}: random central databases, dumped and restored into servers with other
 * OIDs, some of which lack our roles; then a root is started as it is (which must refuse), some
 * databases are dropped or published anew, and the documented procedure is followed to its end.
 * Nothing that is not ours may change, and the edge must have what the tables have.
 */
final class RestoreBar implements Bar {
  private enum Format {
    PLAIN,
    CUSTOM_WITHOUT_ROLES,
    CUSTOM,
    PLAIN_WITHOUT_ROLES
  }

  @Override
  public String name() {
    return "gateway.restore";
  }

  @Override
  public String description() {
    return "histories of pg_dump and restore after which the documented procedure gives equal"
        + " edges";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int histories = settings.size(20, 2);
    Path folder = Files.createTempDirectory("quicksilver-restore-");
    InstalledPostgres installed = installed();
    System.out.println("pg_dump and servers of PostgreSQL " + installed.major());
    int good = 0;
    try (EmbeddedPostgres source = start(installed, folder.resolve("source"));
        EmbeddedPostgres target = start(installed, folder.resolve("target"))) {
      for (int i = 0; i < histories; i++) {
        Format format = Format.values()[i % Format.values().length];
        Path own = Files.createDirectory(folder.resolve("history-" + i));
        try {
          String said = history(installed, source, target, own, format, settings.seed() + i);
          System.out.printf(
              Locale.ROOT, "%d (%s, seed %d): %s%n", i, format, settings.seed() + i, said);
          good++;
        } catch (AssertionError | ClusterException | SQLException | IOException e) {
          System.out.printf(
              Locale.ROOT, "%d (%s, seed %d): FAILED: %s%n", i, format, settings.seed() + i, e);
        }
      }
    } finally {
      Folders.remove(folder);
    }
    return new Outcome(
        good + " of " + histories + " histories", "= all of them", good == histories);
  }

  private static InstalledPostgres installed() throws IOException, InterruptedException {
    SystemPackages.attempt(
        () ->
            InstalledPostgres.find(15, 18)
                .orElseThrow(() -> new IOException("no PostgreSQL with pg_dump")),
        "postgresql");
    return InstalledPostgres.find(15, 18).orElseThrow();
  }

  private static EmbeddedPostgres start(InstalledPostgres installed, Path folder) {
    return EmbeddedPostgres.builder().directory(folder).installed(installed).start();
  }

  private static String history(
      InstalledPostgres installed,
      EmbeddedPostgres source,
      EmbeddedPostgres target,
      Path folder,
      Format format,
      long seed)
      throws Exception {
    Random random = new Random(seed);
    String name = "h" + Long.toUnsignedString(seed, 36);
    RestoreHistory history = new RestoreHistory(random);
    execute(source, "postgres", "CREATE DATABASE " + name);
    Migrations.migrate(source.jdbcUrl(name), "", "");
    try (Connection connection = source.connect(name)) {
      history.make(new SqlSession(connection));
    }
    if (random.nextBoolean()) {
      try (Cluster cluster = Cluster.in(folder.resolve("first"), Processes.OPTIONS)) {
        startRoot(cluster, source, name); // it has noted where it was
      }
    }
    Path dump = dump(installed, source, name, folder, format);

    boolean withoutRoles = format.name().endsWith("WITHOUT_ROLES");
    if (withoutRoles) {
      dropRoles(target);
    }
    execute(target, "postgres", "CREATE DATABASE " + name);
    try (Connection connection = target.connect(name)) {
      history.makeStrangers(new SqlSession(connection));
      if (!withoutRoles) {
        history.makeRoles(new SqlSession(connection));
      }
    }
    restore(installed, target, name, dump, format);
    String said;
    try (Connection connection = target.connect(name)) {
      SqlSession sql = new SqlSession(connection);
      String strangers = history.strangers(sql);
      boolean restored = sql.query("SELECT quicksilver.is_restored()").equals("t");
      if (restored) {
        requireRefusal(folder, target, name);
      }
      history.change(sql);
      Migrations.migrate(target.jdbcUrl(name), "", "");
      sql.execute("SELECT * FROM quicksilver.begin_anew()");
      if (withoutRoles) {
        bringBack(history, sql);
      }
      require("0", sql.query("SELECT count(*) FROM quicksilver.problems()"), "problems()");
      require(strangers, history.strangers(sql), "tables that are not ours");
      said = serve(folder, target, name, history, sql);
      require(strangers, history.strangers(sql), "tables that are not ours, at the end");
    }
    execute(source, "postgres", "DROP DATABASE " + name + " WITH (FORCE)");
    return said;
  }

  /** What problems() advises where the roles of those who read at the edges did not come along. */
  private static void bringBack(RestoreHistory history, SqlSession sql) throws SQLException {
    require(
        sql.query("SELECT count(*) FROM quicksilver.readers"),
        sql.query(
            "SELECT count(*) FROM quicksilver.problems() WHERE problem LIKE '%there is none of"
                + " this name'"),
        "roles that are not there");
    history.makeRoles(sql);
    sql.execute("SELECT quicksilver.grant_read(role, databases[1]) FROM quicksilver.readers");
  }

  /** Starts root and replica with empty data directories and compares the edge with the tables. */
  private static String serve(
      Path folder, EmbeddedPostgres target, String name, RestoreHistory history, SqlSession sql)
      throws Exception {
    try (Cluster cluster = Cluster.in(folder.resolve("anew"), Processes.OPTIONS)) {
      ChildProcess first = startRoot(cluster, target, name);
      final ChildProcess edge = cluster.start(NodeSpec.replica("replica", "root"));
      cluster.awaitHealthy("replica");
      history.write(sql);
      sql.execute(
          "SELECT quicksilver.wait_for_propagation(name, timeout => '60s')"
              + " FROM quicksilver.catalog");
      String compared = history.compare(sql, cluster.data("replica"));
      if (!first.isAlive() || !edge.isAlive()) {
        throw new AssertionError("a process ended: " + cluster.lastLines());
      }
      return compared;
    }
  }

  private static ChildProcess startRoot(Cluster cluster, EmbeddedPostgres postgres, String name)
      throws Exception {
    cluster.usePostgres(CentralPostgres.of(postgres, postgres.jdbcUrl(name)));
    ChildProcess root = cluster.start(NodeSpec.root("root"));
    cluster.awaitHealthy("root");
    return root;
  }

  private static void requireRefusal(Path folder, EmbeddedPostgres target, String name)
      throws Exception {
    try (ChildProcess refused =
        ChildProcess.start(
            "a root on what was restored",
            folder.resolve("refused.log"),
            Processes.OPTIONS,
            List.of(
                "root",
                "--data-directory=" + folder.resolve("refused"),
                "--replication-listen=127.0.0.1:0",
                "--postgres-url=" + target.jdbcUrl(name)))) {
      require(
          Integer.toString(ExitCode.REFUSED), Integer.toString(refused.awaitEnd()), "exit code");
      if (!refused.output().contains("quicksilver.begin_anew()")) {
        throw new AssertionError("the refusal does not name the cure: " + refused.output());
      }
    }
  }

  private static Path dump(
      InstalledPostgres installed, EmbeddedPostgres source, String name, Path folder, Format format)
      throws IOException, InterruptedException {
    Path file = folder.resolve("dump");
    program(
        installed,
        source,
        List.of(
            "pg_dump",
            format.name().startsWith("CUSTOM") ? "--format=custom" : "--format=plain",
            "--file=" + file,
            "--dbname=" + name));
    return file;
  }

  /** Errors about roles that are not there are expected; what else went wrong shows later. */
  private static void restore(
      InstalledPostgres installed, EmbeddedPostgres target, String name, Path dump, Format format)
      throws IOException, InterruptedException {
    try {
      program(
          installed,
          target,
          format.name().startsWith("CUSTOM")
              ? List.of("pg_restore", "--dbname=" + name, dump.toString())
              : List.of("psql", "--quiet", "--dbname=" + name, "--file=" + dump));
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("does not exist")) {
        throw e;
      }
    }
  }

  private static void program(
      InstalledPostgres installed, EmbeddedPostgres postgres, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(installed.program(arguments.getFirst()).toString());
    command.addAll(
        List.of(
            "--host=" + postgres.socketDirectory(),
            "--port=" + postgres.port(),
            "--username=" + postgres.user(),
            "--no-password"));
    command.addAll(arguments.subList(1, arguments.size()));
    SystemPackages.run(command);
  }

  private static void dropRoles(EmbeddedPostgres target) throws SQLException {
    try (Connection connection = target.connect()) {
      SqlSession sql = new SqlSession(connection);
      List<String> databases =
          List.of(
              sql.query(
                      "SELECT coalesce(string_agg(datname, ' '), '') FROM pg_database"
                          + " WHERE datname LIKE 'h%'")
                  .split(" "));
      for (String database : databases) {
        if (!database.isEmpty()) {
          sql.execute("DROP DATABASE " + database + " WITH (FORCE)");
        }
      }
      for (String role : List.of("reader", "writer", "admin")) {
        sql.execute("DROP ROLE IF EXISTS quicksilver_" + role);
      }
    }
  }

  private static void execute(EmbeddedPostgres postgres, String database, String statement)
      throws SQLException {
    try (Connection connection = postgres.connect(database)) {
      new SqlSession(connection).execute(statement);
    }
  }

  private static void require(String wanted, String found, String what) {
    if (!wanted.equals(found)) {
      throw new AssertionError(what + ": " + found + " instead of " + wanted);
    }
  }
}
