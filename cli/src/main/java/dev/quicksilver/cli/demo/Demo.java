package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.command.Table;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.edge.EdgeReader;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The tour, step by step. */
final class Demo {
  private static final int COMMITS = 50;
  private static final Duration LONGEST_REPLICATION = Duration.ofSeconds(60);

  private final Lifecycle lifecycle;
  private final Console console;
  private final DemoCluster cluster;

  Demo(Path directory, Lifecycle lifecycle, Console console) throws IOException {
    this.lifecycle = lifecycle;
    this.console = console;
    this.cluster =
        lifecycle.own("the demo's processes", new DemoCluster(directory, lifecycle, console));
  }

  /**
   * Runs the whole tour; the processes are still up when it returns.
   *
   * @param stays whether they stay so, and it is worth saying how to reach them
   */
  void run(boolean stays) throws Exception {
    console.heading("Starting seven processes");
    CentralPostgres postgres = cluster.startPostgres();
    cluster.startRoot();
    cluster.startReplicas();
    List<String> bridges = cluster.startBridges();

    try (Connection connection = DriverManager.getConnection(postgres.url())) {
      DemoSql sql = new DemoSql(connection);
      write(sql);
      List<Latency> latencies = replicate(connection);
      attach(sql, bridges);
      compare(sql);
      console.heading(
          "The certificates that expire next (SQL on " + DemoCluster.EDGES.getFirst() + ")");
      sql.expiringNext(DemoCluster.EDGES.getFirst()).print(console.writer());
      console.heading(
          "From COMMIT's return to the read at an edge, two hops away (" + COMMITS + " commits)");
      for (int i = 0; i < latencies.size(); i++) {
        console.line("  " + DemoCluster.EDGES.get(i) + "  " + latencies.get(i));
      }
    }
    if (stays) {
      goOn(postgres, bridges);
    }
  }

  private void write(DemoSql sql) throws Exception {
    console.heading("Writing SQL to PostgreSQL");
    console.step(
        "create the databases certificates and dns",
        () -> {
          sql.createDatabases();
          return 0;
        });
    Map<String, String> certificates = TrustStore.read();
    console.step(
        "INSERT the " + certificates.size() + " TLS root certificates that this JDK trusts",
        () -> sql.insertCertificates(certificates));
    console.step("COPY " + DnsRecords.COUNT + " DNS records", sql::copyDnsRecords);
    console.step("UPDATE and DELETE in three transactions", sql::change);
  }

  /** Waits until the edges have everything, and measures how fast single commits arrive. */
  private List<Latency> replicate(Connection connection) throws Exception {
    console.heading("Reading at the edges, straight from their memory-mapped files");
    List<Latency> latencies = new ArrayList<>();
    for (String edge : DemoCluster.EDGES) {
      console.step(
          edge + " has the last change of both databases",
          () -> {
            for (String database : DemoSql.DATABASES) {
              open(edge, database).close();
            }
            return 0;
          });
    }
    for (String edge : DemoCluster.EDGES) {
      try (EdgeReader reader = open(edge, "dns")) {
        latencies.add(
            console.step(
                COMMITS + " single commits, each awaited at " + edge,
                () ->
                    Latency.measure(
                        connection,
                        "dns",
                        DemoSql.LAST_KEY,
                        reader,
                        COMMITS,
                        DemoCluster.WINDOW.plusMillis(30))));
      }
    }
    return latencies;
  }

  /** Opens a database at an edge once it is there with its last change. */
  private EdgeReader open(String edge, String database) throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST_REPLICATION.toNanos();
    byte[] last = DemoSql.LAST_KEY.getBytes(StandardCharsets.UTF_8);
    while (System.nanoTime() < deadline) {
      try {
        EdgeReader reader = EdgeReader.open(cluster.dataDirectory(edge), database);
        while (System.nanoTime() < deadline) {
          if (reader.get(last).isPresent()) {
            return reader;
          }
          Thread.sleep(5);
        }
        reader.close();
      } catch (StorageException e) {
        if (e.code() != ErrorCode.NOT_FOUND) {
          throw e;
        }
        Thread.sleep(20); // the catalog has not told the edge about the database yet
      }
    }
    throw new CommandException(
        ExitCode.FAILURE,
        "demo: the last change of "
            + database
            + " did not reach "
            + edge
            + " within "
            + LONGEST_REPLICATION.toSeconds()
            + " s");
  }

  private void attach(DemoSql sql, List<String> bridges) throws Exception {
    console.heading("Asking the edges in SQL, through postgres_fdw");
    for (int i = 0; i < bridges.size(); i++) {
      String edge = DemoCluster.EDGES.get(i);
      String address = bridges.get(i);
      int colon = address.lastIndexOf(':');
      console.step(
          "quicksilver.attach_edge('" + edge + "', …)",
          () -> {
            sql.attach(
                edge,
                address.substring(0, colon),
                Integer.parseInt(address.substring(colon + 1)),
                DemoCluster.BRIDGE_USER,
                cluster.bridgePassword());
            return 0;
          });
    }
  }

  private void compare(DemoSql sql) throws Exception {
    console.line("");
    Table table =
        new Table(
            "  edge",
            "database",
            ">source rows",
            ">edge rows",
            ">source EXCEPT edge",
            ">edge EXCEPT source");
    boolean equal = true;
    for (String edge : DemoCluster.EDGES) {
      for (String database : DemoSql.DATABASES) {
        DemoSql.Comparison found = sql.compare(edge, database);
        equal &= found.equal();
        table.row(
            "  " + edge,
            database,
            Long.toString(found.source()),
            Long.toString(found.here()),
            count(found.less()),
            count(found.more()));
      }
    }
    table.print(console.writer());
    console.writer().flush();
    if (!equal) {
      throw new CommandException(
          ExitCode.REFUSED,
          "demo: an edge differs from the source: this is a bug, please report it");
    }
  }

  private static String count(long rows) {
    return rows == 0 ? "empty" : rows + " rows";
  }

  private void goOn(CentralPostgres postgres, List<String> bridges) {
    String edge = DemoCluster.EDGES.getFirst();
    String psql =
        "psql \"postgresql://"
            + postgres.user()
            + ":"
            + postgres.password()
            + "@"
            + postgres.address()
            + "/postgres\"";
    console.heading("Go on by yourself");
    console.line("  " + psql);
    console.line(
        "      INSERT INTO dns VALUES ('www.example.org/A', '300 192.0.2.1');   -- write"
            + " centrally");
    console.line(
        "      SELECT * FROM "
            + edge
            + ".dns WHERE key = 'www.example.org/A';     -- read at an edge");
    console.line(
        "      SELECT count(*) FROM "
            + edge
            + ".certificates;                   -- over the bridge at "
            + bridges.getFirst());
    console.line("  ./quicksilver status --data-directory " + cluster.dataDirectory(edge));
    console.line(
        "  ./quicksilver log dns --follow --data-directory " + cluster.dataDirectory(edge));
  }

  /** Returns the failure that ends a demo that stays up. */
  CommandException awaitFailure() {
    return lifecycle.awaitFailure();
  }
}
