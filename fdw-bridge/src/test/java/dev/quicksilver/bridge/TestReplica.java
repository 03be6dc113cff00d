package dev.quicksilver.bridge;

import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.sample.SampleDatabase;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A replica's data directory made by storage itself, not by replication. */
public final class TestReplica {
  public static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(256L << 20).withoutDurability();

  /** 2024-01-01 00:00:00 UTC in µs. */
  public static final long EPOCH = 1_704_067_200_000_000L;

  private TestReplica() {}

  /** Writes pairs as transactions of ten entries, a second apart. */
  static void write(
      Path data, String name, String valueType, List<Map.Entry<String, byte[]>> pairs) {
    try (var databases = DatabaseSet.open(data, OPTIONS)) {
      Database database =
          databases
              .get(name)
              .orElseGet(
                  () ->
                      databases.create(
                          new DatabaseIdentity(UUID.randomUUID(), name, "text", valueType)));
      try (Appender appender = database.append()) {
        long lsn = database.head().position().lsn();
        for (int i = 0; i < pairs.size(); i++) {
          if (i % 10 == 0) {
            lsn += 100;
            appender.begin(lsn, EPOCH + lsn / 100 * 1_000_000L);
          }
          var pair = pairs.get(i);
          appender.set(pair.getKey().getBytes(StandardCharsets.UTF_8), pair.getValue());
          if (i % 10 == 9 || i == pairs.size() - 1) {
            appender.end(new Position(1, 1, lsn + 8));
          }
        }
        appender.commit();
      }
    }
  }

  /** Writes a history that is known. */
  static void write(Path data, SampleDatabase sample) {
    try (var databases = DatabaseSet.open(data, OPTIONS)) {
      Database database =
          databases.create(
              new DatabaseIdentity(
                  UUID.randomUUID(), sample.name(), sample.keyType(), sample.valueType()));
      try (Appender appender = database.append()) {
        long transaction = 0;
        for (SampleDatabase.Entry entry : sample.entries()) {
          if (entry.transaction() != transaction) {
            end(appender, sample, transaction);
            appender.begin(entry.lsn(), entry.time());
            transaction = entry.transaction();
          }
          switch (entry.op()) {
            case SET -> appender.set(bytes(entry.key()), bytes(entry.value()));
            case DEL -> appender.delete(bytes(entry.key()));
            case CLEAR -> appender.clear();
          }
        }
        end(appender, sample, transaction);
        appender.commit();
      }
    }
  }

  private static byte[] bytes(byte @Nullable [] bytes) {
    return Objects.requireNonNull(bytes);
  }

  private static void end(Appender appender, SampleDatabase sample, long transaction) {
    if (transaction > 0) {
      long lsn = sample.entries().get((int) transaction - 1).lsn();
      appender.end(new Position(1, 1, lsn + 8));
    }
  }

  static BridgeConfig config(Path data) {
    return config(0, data);
  }

  static BridgeConfig config(int port, Path data) {
    return BridgeConfig.of(port, data).withStorage(OPTIONS);
  }

  /** Makes a pair of the catalog what it shall be, or removes it, as the root's log would. */
  static void catalog(Path data, String key, Optional<String> value) {
    try (var databases = DatabaseSet.open(data, OPTIONS)) {
      Database catalog =
          databases
              .get(DatabaseSet.CATALOG)
              .orElseGet(
                  () ->
                      databases.create(
                          new DatabaseIdentity(
                              UUID.randomUUID(), DatabaseSet.CATALOG, "text", "json")));
      try (Appender appender = catalog.append()) {
        long lsn = catalog.head().position().lsn() + 100;
        appender.begin(lsn, EPOCH + lsn);
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        value.ifPresentOrElse(
            text -> appender.set(bytes, text.getBytes(StandardCharsets.UTF_8)),
            () -> appender.delete(bytes));
        appender.end(new Position(1, 1, lsn + 8));
        appender.commit();
      }
    }
  }

  /** Makes an empty database without opening the others, which this process may have open. */
  static void makeBeside(Path data, String name) {
    var directory = new DatabaseDirectory(data);
    Path generation = directory.newGeneration(name);
    var identity = new DatabaseIdentity(UUID.randomUUID(), name, "text", "text");
    Database.create(generation, identity, OPTIONS).close();
    directory.use(name, generation);
  }

  /** Puts another database in the place of one that this process may have open. */
  static void replace(Path data, DatabaseIdentity identity, Map<String, String> pairs) {
    var directory = new DatabaseDirectory(data);
    Path generation = directory.newGeneration(identity.name());
    try (Database database = Database.create(generation, identity, OPTIONS);
        Appender appender = database.append()) {
      appender.begin(100, EPOCH);
      pairs.forEach(
          (key, value) ->
              appender.set(
                  key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8)));
      appender.end(new Position(1, 1, 108));
      appender.commit();
    }
    directory.use(identity.name(), generation);
  }

  /** Cancels the next query, once the bridge works on it: sooner, a cancellation has no effect. */
  static void cancelOnceItRuns(Bridge bridge, Statement statement) {
    long before = bridge.status().queries();
    Thread.startVirtualThread(
        () -> {
          try {
            Await.until("a query runs", bridge::status, status -> status.queries() > before);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          } finally {
            cancel(statement);
          }
        });
  }

  private static void cancel(Statement statement) {
    try {
      statement.cancel();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
