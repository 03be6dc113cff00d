package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * {@code replication.bytes}: what a root sends to a replica, and the same PostgreSQL to a
 * PostgreSQL that subscribes to the same table, for the same writes at the same time. Both
 * connections go through a proxy that counts; acknowledgements and heartbeats count too.
 */
final class BytesBar implements Bar {
  private static final int PER_SECOND = 1_000;
  private static final int KEYS = 100_000;

  @Override
  public String name() {
    return "replication.bytes";
  }

  @Override
  public String description() {
    return "bytes on the wire per 100-byte entry at 1000 writes/s, against PostgreSQL's own";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int writes = PER_SECOND * settings.size(60, 5);
    List<AutoCloseable> open = new ArrayList<>();
    try {
      Cluster cluster = Processes.cluster();
      open.add(cluster);
      EmbeddedPostgres postgres = cluster.embedPostgres();
      cluster.start(NodeSpec.root("root"));
      cluster.awaitHealthy("root");
      execute(
          postgres,
          "SELECT quicksilver.create_database('kv')",
          "CREATE PUBLICATION peer FOR TABLE kv");
      CountingProxy ours = new CountingProxy(cluster.port("root", "replication"));
      open.add(ours);
      cluster.start(
          NodeSpec.replica("replica").with(REPLICATION_UPSTREAMS, "127.0.0.1:" + ours.port()));
      cluster.awaitHealthy("replica");
      CountingProxy theirs = new CountingProxy(postgres.port());
      open.add(theirs);
      EmbeddedPostgres subscriber =
          EmbeddedPostgres.builder().directory(cluster.folder().resolve("subscriber")).start();
      open.add(subscriber);
      execute(
          subscriber,
          "CREATE TABLE kv (key text PRIMARY KEY, value text NOT NULL)",
          String.format(
              "CREATE SUBSCRIPTION peer CONNECTION 'host=127.0.0.1 port=%d dbname=postgres user=%s"
                  + " password=%s' PUBLICATION peer WITH (copy_data = false)",
              theirs.port(), postgres.user(), postgres.password()));
      Path replica = cluster.data("replica");
      // The first writes make connections, tables and JVMs ready and do not count.
      PacedWriter.write(postgres::connect, PER_SECOND, PER_SECOND, KEYS, settings.seed());
      awaitBoth(replica, postgres, subscriber, PER_SECOND);
      final long oursBefore = ours.down() + ours.up();
      final long theirsBefore = theirs.down() + theirs.up();
      double rate =
          PacedWriter.write(postgres::connect, writes, PER_SECOND, KEYS, settings.seed() + 1_000);
      awaitBoth(replica, postgres, subscriber, PER_SECOND + writes);
      double here = (ours.down() + ours.up() - oursBefore) / (double) writes;
      double there = (theirs.down() + theirs.up() - theirsBefore) / (double) writes;
      System.out.printf(
          Locale.ROOT,
          "%,d rows with keys of 29 bytes and values of 100, one a transaction, %.0f/s%n"
              + "bytes a row, both ways: Quicksilver %.1f, PostgreSQL %.1f%n",
          writes,
          rate,
          here,
          there);
      return new Outcome(
          String.format(
              Locale.ROOT, "%.1f bytes, %.2f × PostgreSQL's %.1f", here, here / there, there),
          "< 1 ×",
          here < there);
    } finally {
      for (AutoCloseable part : open.reversed()) {
        part.close();
      }
    }
  }

  private static void awaitBoth(
      Path replica, EmbeddedPostgres postgres, EmbeddedPostgres subscriber, long sequence)
      throws Exception {
    DatabaseDirectory directory = new DatabaseDirectory(replica);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (directory.environment("kv").isEmpty() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    try (Database copy =
        Database.openReadOnly(directory.environment("kv").orElseThrow(), StorageOptions.DEFAULT)) {
      if (!copy.awaitCommit(sequence - 1, TimeUnit.MINUTES.toNanos(2))) {
        throw new AssertionError("the replica stopped at " + copy.head());
      }
    }
    String sum =
        "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(key || value, 0)), 0) FROM kv";
    String wanted = single(postgres, sum);
    while (!single(subscriber, sum).equals(wanted)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the subscriber does not get equal; see " + subscriber.log());
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static void execute(EmbeddedPostgres postgres, String... statements) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String single(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getString(1);
    }
  }
}
