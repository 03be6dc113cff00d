package dev.quicksilver.gateway.start;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.sequence.CatalogEntry;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.record.Position;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of one table on their way into a new database, in transactions that memory and the nodes
 * below can bear. None has a position: before the last of them nothing depends on the database.
 */
final class TableCopy implements CentralSnapshot.Rows, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TableCopy.class);
  private static final long COMMIT_BYTES = 8L << 20;
  private static final int TRANSACTION_ROWS = 1_000;
  private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Database database;
  private final CatalogEntry entry;
  private final long lsn;
  private final long time;
  private final Progress progress;
  private @Nullable Appender appender;
  private byte @Nullable [] last;
  private long rows;
  private long toldAt = System.nanoTime();

  TableCopy(Database database, CatalogEntry entry, long lsn, long time, Progress progress) {
    this.database = database;
    this.entry = entry;
    this.lsn = lsn;
    this.time = time;
    this.progress = progress;
  }

  /**
   * Adds a row.
   *
   * @throws GatewayException TABLE_CHANGED if the key is that of the row before
   */
  @Override
  public void row(byte[] key, byte[] value) {
    if (Arrays.equals(key, last)) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "two rows of table "
              + entry.table()
              + " have the same key, so database "
              + entry.identity().name()
              + " cannot follow it; make its key columns the primary key again");
    }
    last = key;
    Appender to = appender;
    if (to == null) {
      to = database.append();
      appender = to;
      to.begin(lsn, time);
    }
    to.set(key, value);
    rows++;
    if (to.pendingBytes() >= COMMIT_BYTES) {
      commit(to);
    } else if (rows % TRANSACTION_ROWS == 0) {
      to.end(Position.NONE);
      to.begin(lsn, time);
    }
    if (System.nanoTime() - toldAt >= TELL_NANOS) {
      toldAt = System.nanoTime();
      tell();
    }
  }

  private void tell() {
    String shown =
        String.format(
            Locale.ROOT,
            "copying table %s into database %s: %,d rows so far",
            entry.table(),
            entry.identity().name(),
            rows);
    progress.problem(shown);
    LOG.info("{}", shown);
  }

  private void commit(Appender to) {
    to.end(Position.NONE);
    to.commit();
    to.close();
    appender = null;
  }

  /** Makes the last rows durable. */
  void finish() {
    Appender to = appender;
    if (to != null) {
      commit(to);
    }
    LOG.info("Took over database {} with {} rows", entry.identity().name(), rows);
  }

  @Override
  public void close() {
    Appender to = appender;
    if (to != null) {
      to.close();
    }
  }
}
