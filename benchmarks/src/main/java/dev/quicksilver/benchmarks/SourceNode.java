package dev.quicksilver.benchmarks;

import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A root without PostgreSQL: a data directory with a catalog and {@link StorageSample#IDENTITY}. As
 * a process, {@code DATA}: serves it until its input ends, after a line with the port.
 */
final class SourceNode {
  private SourceNode() {}

  /** Makes the databases in a new data directory; returns the one that is to be followed. */
  static Database create(DatabaseSet set) {
    createCatalog(set, StorageSample.IDENTITY);
    return set.create(StorageSample.IDENTITY);
  }

  /** Makes a catalog that names one database. */
  static void createCatalog(DatabaseSet set, DatabaseIdentity named) {
    Database catalog =
        set.create(new DatabaseIdentity(new UUID(3, 0), DatabaseSet.CATALOG, "text", "jsonb"));
    String entry =
        String.format(
            "{\"id\":\"%s\",\"key_type\":\"%s\",\"value_type\":\"%s\",\"relation\":1}",
            named.id(), named.keyType(), named.valueType());
    try (Appender appender = catalog.append()) {
      appender.begin(1, 1);
      appender.set(
          named.name().getBytes(StandardCharsets.UTF_8), entry.getBytes(StandardCharsets.UTF_8));
      appender.end(new Position(1, 1, 1));
      appender.commit();
    }
  }

  public static void main(String[] arguments) throws IOException {
    try (DatabaseSet set = DatabaseSet.open(Path.of(arguments[0]), StorageSample.KEEPING_LOG);
        ReplicationServer server =
            ReplicationServer.start("127.0.0.1", 0, set, NodeIdentity.create("source", "here"))) {
      System.out.println(server.port());
      while (System.in.read() >= 0) {
        // until the process that started this one ends it
      }
    }
  }
}
