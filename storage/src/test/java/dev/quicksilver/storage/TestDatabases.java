package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.TreeMap;
import java.util.UUID;

/** Small helpers that the storage tests share. */
public final class TestDatabases {
  public static final DatabaseIdentity DNS =
      new DatabaseIdentity(
          UUID.fromString("6f1e6c1e-0d2f-4a51-9f0e-5c6f2a9c1b11"), "dns", "text", "text");
  public static final StorageOptions FAST =
      StorageOptions.DEFAULT
          .withMapSize(1L << 30)
          .withLog(Duration.ofDays(365_000), 1L << 30)
          .withoutDurability();

  private TestDatabases() {}

  public static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  public static Database create(Path folder) {
    return Database.create(folder, DNS, FAST);
  }

  public static Position at(long lsn) {
    return new Position(7, 1, lsn);
  }

  /** One transaction in a commit of its own: "key=value" sets, "key" deletes, "*" clears. */
  public static Head commit(Database database, long lsn, String... changes) {
    try (Appender appender = database.append()) {
      transaction(appender, lsn, changes);
      return appender.commit();
    }
  }

  public static void transaction(Appender appender, long lsn, String... changes) {
    appender.begin(lsn, lsn * 1_000);
    for (String change : changes) {
      int equals = change.indexOf('=');
      if (change.equals("*")) {
        appender.clear();
      } else if (equals < 0) {
        appender.delete(bytes(change));
      } else {
        appender.set(bytes(change.substring(0, equals)), bytes(change.substring(equals + 1)));
      }
    }
    appender.end(at(lsn + 8));
  }

  /** Applies everything that the source's log has beyond the copy, block by block in one commit. */
  public static Head follow(Database source, Database copy) throws IOException {
    try (Applier applier = copy.apply()) {
      LogReader reader = source.readLog(copy.head().lastSequence() + 1);
      for (BlockHeader header = reader.nextBlock(); header != null; header = reader.nextBlock()) {
        applier.apply(BlockHeader.decode(header.encode()), reader::nextSegment);
      }
      return applier.commit();
    }
  }

  public static java.util.Map<String, String> content(Database database) {
    TreeMap<String, String> content = new TreeMap<>();
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        content.put(text(scan.key()), text(scan.value()));
      }
    }
    return content;
  }
}
