package dev.quicksilver.gateway.sequence;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.record.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The LMDB write transactions that are open, one for each database that the WAL has touched since
 * the last commit, and the PostgreSQL transaction that is on its way into them.
 *
 * <p>The catalog is committed last: a database's environment is always there before the catalog
 * names it, and a commit that was cut short is repaired by reading the same WAL again.
 */
public final class OpenTransactions implements AutoCloseable {
  private final Map<String, Writer> writers = new HashMap<>();
  private long commitLsn;
  private long commitTime;
  private long entries;

  private static final class Writer {
    final Appender appender;
    boolean begun;

    Writer(Appender appender) {
      this.appender = appender;
    }
  }

  /** A PostgreSQL transaction begins. */
  void begin(long newCommitLsn, long newCommitTime) {
    commitLsn = newCommitLsn;
    commitTime = newCommitTime;
  }

  /**
   * Where the current transaction's entries for {@code database} go; empty if the database holds
   * them already. Commit records do not overlap, so one that begins before the end of another that
   * was applied ends no later than it.
   */
  Optional<Appender> into(Database database) {
    Writer writer = writers.get(database.identity().name());
    if (writer == null) {
      if (holds(database)) {
        return Optional.empty();
      }
      writer = new Writer(database.append());
      writers.put(database.identity().name(), writer);
    }
    if (!writer.begun) {
      writer.begun = true;
      writer.appender.begin(commitLsn, commitTime);
    }
    entries++;
    return Optional.of(writer.appender);
  }

  /** True if the database held all of the current transaction when it was last committed. */
  boolean holds(Database database) {
    return Long.compareUnsigned(commitLsn, database.head().position().lsn()) < 0;
  }

  /** One change made a second entry. */
  void countEntry() {
    entries++;
  }

  /** The PostgreSQL transaction has ended; returns true if it wrote an entry. */
  boolean end(Position after) {
    boolean wrote = false;
    for (Writer writer : writers.values()) {
      if (writer.begun) {
        writer.appender.end(after);
        writer.begun = false;
        wrote = true;
      }
    }
    return wrote;
  }

  /** Forgets what was written to a database since its last commit: it is about to be dropped. */
  void abandon(String name) {
    Writer writer = writers.remove(name);
    if (writer != null) {
      writer.appender.close();
    }
  }

  boolean isEmpty() {
    return writers.isEmpty();
  }

  long pendingBytes() {
    long bytes = 0;
    for (Writer writer : writers.values()) {
      bytes += writer.appender.pendingBytes();
    }
    return bytes;
  }

  /** Makes everything durable, the catalog last, and returns the number of entries. */
  long commit() {
    FailPoint.hit("gateway.before-commit");
    Writer catalog = writers.remove(DatabaseSet.CATALOG);
    try {
      for (Writer writer : writers.values()) {
        writer.appender.commit();
        FailPoint.hit("gateway.between-commits");
      }
      if (catalog != null) {
        catalog.appender.commit();
      }
    } finally {
      if (catalog != null) {
        catalog.appender.close();
      }
      close();
    }
    FailPoint.hit("gateway.after-commit");
    long committed = entries;
    entries = 0;
    return committed;
  }

  /** Aborts what is not committed. */
  @Override
  public void close() {
    writers.values().forEach(writer -> writer.appender.close());
    writers.clear();
  }
}
