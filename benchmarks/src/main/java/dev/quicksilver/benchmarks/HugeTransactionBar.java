package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.record.Head;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * {@code gateway.huge-transaction}: one transaction of 10 M rows passes through a root and a
 * replica with small heaps, all or nothing, and both then hold exactly the table's rows.
 */
final class HugeTransactionBar implements Bar {
  private static final String NAME = "huge";
  private static final long LIMIT_MINUTES = 20;
  private static final int HEAP_MIB = Processes.HEAP_MIB;

  @Override
  public String name() {
    return "gateway.huge-transaction";
  }

  @Override
  public String description() {
    return "one transaction of 10 M rows through a root and a replica with small heaps";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rows = settings.size(10_000_000, 200_000);
    try (Cluster cluster = Processes.cluster();
        Connection connection = cluster.embedPostgres().connect()) {
      final ChildProcess root = cluster.start(NodeSpec.root("root"));
      cluster.awaitHealthy("root");
      final ChildProcess replica = cluster.start(NodeSpec.replica("replica", "root"));
      cluster.awaitHealthy("replica");
      SqlSession session = new SqlSession(connection);
      session.execute("SELECT quicksilver.create_database('" + NAME + "')");
      try (Database atRoot = Processes.open(cluster.data("root"), NAME, root);
          Database atReplica = Processes.open(cluster.data("replica"), NAME, replica)) {
        long began = System.nanoTime();
        write(session, rows);
        System.out.printf("PostgreSQL took %.1f s for %,d rows%n", seconds(began), rows);
        long rootMemory = await("root", atRoot, root, rows);
        System.out.printf("the root has all after %.1f s%n", seconds(began));
        long replicaMemory = await("replica", atReplica, replica, rows);
        System.out.printf("the replica has all after %.1f s%n", seconds(began));
        requireEqual(connection, atRoot, rows);
        Head head = atRoot.head();
        if (!head.equals(atReplica.head())) {
          throw new AssertionError("root " + head + ", replica " + atReplica.head());
        }
        Head verified =
            Verifier.verify(atReplica, (stage, done, total) -> {}).requireClean().head();
        System.out.println(
            "the replica's pairs are verified, content digest " + verified.contentDigest());
        return new Outcome(
            String.format(
                "%,d rows with heaps of %d MiB; at most %,d MiB of own memory at the root, %,d at"
                    + " the replica",
                rows, HEAP_MIB, rootMemory, replicaMemory),
            "10 M rows, heap ≤ 512 MiB",
            HEAP_MIB <= 512);
      }
    }
  }

  private static void write(SqlSession session, int rows) throws SQLException {
    session.execute(
        "INSERT INTO %s SELECT 'key ' || lpad(i::text, 25, '0'), md5('a' || i) || md5('b' || i) ||"
                .formatted(NAME)
            + " md5('c' || i) || 'tail' FROM generate_series(1, %d) i".formatted(rows));
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  /** Waits for all rows, of which none may be there before; returns the most memory in MiB. */
  private static long await(String who, Database database, ChildProcess process, int rows)
      throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(LIMIT_MINUTES);
    long most = 0;
    long entries = 0;
    for (int i = 0; entries < rows; i++) {
      entries = database.head().lastSequence();
      if (entries != 0 && entries != rows) {
        throw new AssertionError("a part of the transaction is there: " + entries);
      }
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("the " + who + " did not get there: " + process.output());
      }
      most = Math.max(most, OwnMemory.kib(process.pid()) >> 10);
      if (i % 500 == 499) {
        System.out.printf("waiting for the %s, its own memory is %,d MiB%n", who, most);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return most;
  }

  /** Reads the table in the order of its keys and the root's pairs beside it. */
  private static void requireEqual(Connection connection, Database database, int rows)
      throws SQLException {
    long compared = 0;
    CopyOut table =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyOut("COPY (SELECT key, value FROM " + NAME + " ORDER BY key) TO STDOUT");
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      for (byte[] row = table.readFromCopy(); row != null; row = table.readFromCopy()) {
        byte[] pair = scan.next() ? line(scan) : new byte[0];
        if (!Arrays.equals(row, pair)) {
          throw new AssertionError(
              "row " + new String(row, StandardCharsets.UTF_8) + " is not at the root");
        }
        compared++;
      }
      if (scan.next() || compared != rows) {
        throw new AssertionError("the table has " + compared + " rows, the root other pairs too");
      }
    }
    System.out.printf("%,d rows of the table and pairs of the root are the same%n", compared);
  }

  private static byte[] line(Scan scan) {
    return (new String(scan.key(), StandardCharsets.UTF_8)
            + '\t'
            + new String(scan.value(), StandardCharsets.UTF_8)
            + '\n')
        .getBytes(StandardCharsets.UTF_8);
  }
}
