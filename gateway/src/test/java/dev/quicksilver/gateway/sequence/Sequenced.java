package dev.quicksilver.gateway.sequence;

import dev.quicksilver.gateway.LogEntries;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.central.TimelineHistory;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.gateway.wal.PgOutputDecoder;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** A root's databases and what writes into them, fed by hand. */
public final class Sequenced implements AutoCloseable {
  public static final ReplicationConnection.Identity SOURCE =
      new ReplicationConnection.Identity(77, TimelineHistory.parse(1, ""), 0);

  public final Waiters waiters;
  public final DatabaseSet databases;
  OpenTransactions transactions;
  Sequencer sequencer;
  private long lsn = 0x100;

  /** Keeps the whole log, also of the long gone days of these tests. */
  public static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT
          .withMapSize(1L << 30)
          .withLog(Duration.ofDays(36_500), 4L << 30)
          .withoutDurability();

  public Sequenced(Path folder) {
    this(folder, new Waiters(() -> 0), OPTIONS);
  }

  public Sequenced(Path folder, Waiters waiters, StorageOptions options) {
    this.waiters = waiters;
    databases = DatabaseSet.open(folder, options);
    databases.create(new DatabaseIdentity(new UUID(9, 9), DatabaseSet.CATALOG, "text", "json"));
    transactions = new OpenTransactions();
    sequencer = new Sequencer(databases, Optional.empty(), transactions, SOURCE, waiters);
  }

  /** What a new session begins with: nothing is known but what is durable. */
  void reopen() {
    transactions.close();
    transactions = new OpenTransactions();
    sequencer = new Sequencer(databases, Optional.empty(), transactions, SOURCE, waiters);
    apply(Wal.catalog());
  }

  void apply(ByteBuffer... messages) {
    for (ByteBuffer message : messages) {
      sequencer.apply(PgOutputDecoder.decode(message));
    }
  }

  /** One transaction of PostgreSQL that is durable at once. */
  void transaction(ByteBuffer... messages) {
    lsn += 0x10;
    apply(Wal.begin(lsn));
    apply(messages);
    apply(Wal.commit(lsn, lsn + 8));
    commit();
  }

  void commit() {
    transactions.commit();
    sequencer.committed();
  }

  /** The log as {@code SET key value}. */
  List<String> log(String database) {
    return LogEntries.lines(databases.get(database).orElseThrow());
  }

  /** The log with keys in hex. */
  List<String> hex(String database) {
    List<String> lines = new ArrayList<>();
    for (LogEntry entry : entries(database)) {
      String key = HexFormat.of().formatHex(entry.key());
      lines.add(entry.operation() + " " + key + " " + LogEntries.text(entry.value()));
    }
    return lines;
  }

  List<LogEntry> entries(String database) {
    return LogEntries.of(databases.get(database).orElseThrow());
  }

  @Override
  public void close() {
    transactions.close();
    databases.close();
  }
}
