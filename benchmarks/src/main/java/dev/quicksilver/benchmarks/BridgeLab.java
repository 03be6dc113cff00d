package dev.quicksilver.benchmarks;

import dev.quicksilver.bridge.Bridge;
import dev.quicksilver.bridge.BridgeConfig;
import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.fixtures.sample.SampleDatabase;
import dev.quicksilver.fixtures.sample.SampleDatabase.Entry;
import dev.quicksilver.fixtures.wire.WireConnection;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** A replica with known rows, a bridge over it, and the same rows in a PostgreSQL. */
final class BridgeLab implements AutoCloseable {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(256L << 20).withoutDurability();

  private final Path folder;
  private final List<SampleDatabase> databases;
  private final Bridge bridge;

  private BridgeLab(Path folder, List<SampleDatabase> databases, Bridge bridge) {
    this.folder = folder;
    this.databases = databases;
    this.bridge = bridge;
  }

  /** Writes the databases and starts the bridge. */
  static BridgeLab start(List<SampleDatabase> databases) throws IOException {
    Path folder = Files.createTempDirectory("quicksilver-bridge-");
    try (DatabaseSet set = DatabaseSet.open(folder, OPTIONS)) {
      for (SampleDatabase database : databases) {
        write(set, database);
      }
    }
    BridgeConfig config = BridgeConfig.of(0, folder);
    return new BridgeLab(
        folder,
        databases,
        Bridge.start(
            config
                .withEvaluator(config.evaluator().withStart(EvaluatorConfig.Start.EAGER))
                .withStorage(OPTIONS)));
  }

  private static void write(DatabaseSet set, SampleDatabase sample) {
    Database database =
        set.create(
            new DatabaseIdentity(
                UUID.randomUUID(), sample.name(), sample.keyType(), sample.valueType()));
    try (Appender appender = database.append()) {
      long transaction = 0;
      for (Entry entry : sample.entries()) {
        if (entry.transaction() != transaction) {
          end(appender, sample, transaction);
          appender.begin(entry.lsn(), entry.time());
          transaction = entry.transaction();
        }
        switch (entry.op()) {
          case SET ->
              appender.set(
                  Objects.requireNonNull(entry.key()), Objects.requireNonNull(entry.value()));
          case DEL -> appender.delete(Objects.requireNonNull(entry.key()));
          case CLEAR -> appender.clear();
        }
      }
      end(appender, sample, transaction);
      appender.commit();
    }
  }

  private static void end(Appender appender, SampleDatabase sample, long transaction) {
    if (transaction > 0) {
      long lsn = sample.entries().get((int) transaction - 1).lsn();
      appender.end(new Position(1, 1, lsn + 8));
    }
  }

  Bridge bridge() {
    return bridge;
  }

  /** A session of a client of the bridge. */
  WireConnection connect() throws IOException {
    return WireConnection.tcp(bridge.port(), "analyst", "quicksilver");
  }

  /** A superuser's session of a PostgreSQL. */
  static WireConnection connect(EmbeddedPostgres postgres) throws IOException {
    return connect(postgres, "postgres");
  }

  /** A superuser's session of a database of a PostgreSQL. */
  static WireConnection connect(EmbeddedPostgres postgres, String database) throws IOException {
    Path socket = postgres.socketDirectory().resolve(".s.PGSQL." + postgres.port());
    return WireConnection.unix(socket, postgres.user(), database);
  }

  /** Makes what {@code attach_edge} needs, and copies of all tables in a schema. */
  void copyInto(WireConnection postgres, String schema) throws IOException {
    postgres.require(resource("/dev/quicksilver/sql/R__attach_edge.sql"));
    postgres.require("CREATE SCHEMA IF NOT EXISTS " + schema);
    for (SampleDatabase database : databases) {
      for (String sql : database.copies(schema)) {
        postgres.require(sql);
      }
    }
  }

  static String resource(String name) throws IOException {
    try (InputStream in = BridgeLab.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() throws IOException {
    bridge.close();
    Folders.remove(folder);
  }
}
