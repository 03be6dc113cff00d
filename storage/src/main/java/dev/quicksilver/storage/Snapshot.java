package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.ReadTransaction;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogExtent;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaReader;
import dev.quicksilver.storage.record.Pair;
import dev.quicksilver.storage.record.PairBuffer;
import dev.quicksilver.storage.record.PairReader;
import dev.quicksilver.storage.record.RecordFormat;
import org.jspecify.annotations.Nullable;

/**
 * One LMDB read transaction: the database at one commit, whatever is written meanwhile. For one
 * thread at a time, any thread. Holding one keeps the pages of its commit from being used again, so
 * close it soon.
 */
public final class Snapshot implements AutoCloseable {
  private final Environment environment;
  private final ReadTransaction transaction;
  private boolean closed;
  private final PairReader reader;
  private final PairBuffer buffer = new PairBuffer();

  Snapshot(Environment environment) {
    this.environment = environment;
    this.transaction = environment.acquire();
    this.reader = new PairReader(transaction);
  }

  /** Returns where the database stands in this snapshot. */
  public Head head() {
    requireOpen();
    return MetaReader.head(transaction);
  }

  /** Returns the number of live pairs, in O(1). */
  public long pairs() {
    requireOpen();
    return MetaReader.pairs(transaction);
  }

  /**
   * Looks a key up.
   *
   * @throws StorageException CORRUPT if the stored bytes do not match their checksum
   */
  public @Nullable Pair get(byte[] key) {
    if (!get(key, key.length, buffer)) {
      return null;
    }
    return new Pair(key.clone(), buffer.value(), buffer.sequence(), buffer.commitTime());
  }

  /**
   * Looks the first {@code keyLength} bytes of the array up as a key without allocating.
   *
   * @return whether the key is there; if so, {@code into} holds its value
   * @throws StorageException CORRUPT if the stored bytes do not match their checksum
   */
  public boolean get(byte[] key, int keyLength, PairBuffer into) {
    RecordFormat.checkKey(keyLength);
    requireOpen();
    return reader.get(key, keyLength, into);
  }

  /** Reads the pairs of a range in order. Close the scan before the snapshot. */
  public Scan scan(KeyRange range, Direction direction) {
    requireOpen();
    return new Scan(transaction, reader, range, direction);
  }

  /**
   * Reads the log entry by entry from a sequence on, up to this snapshot's head.
   *
   * @throws StorageException NOT_IN_LOG if the sequence was garbage-collected
   */
  public LogScan scanLog(long fromSequence) {
    requireOpen();
    return new LogScan(storedLog(fromSequence), fromSequence);
  }

  /** Returns how much log there is, in O(1). */
  public LogExtent log() {
    Head head = head();
    BlockHeader oldest = storedLog(head.oldestSequence()).nextBlock();
    return new LogExtent(transaction.bytes(Tree.LOG), oldest == null ? 0 : oldest.commitTime());
  }

  /** Reads the log up to this snapshot's head, block by block from a sequence on. */
  public LogReader readLog(long fromSequence) {
    return new LogReader(inHere(), environment.errors, fromSequence);
  }

  /** The same, but its first block is as it is stored and may begin before the sequence. */
  public LogReader storedLog(long fromSequence) {
    return LogReader.uncut(inHere(), environment.errors, fromSequence);
  }

  private LogReader.Use inHere() {
    return use -> use.apply(transaction());
  }

  /** Returns the transaction of LMDB's that this is, for the packages of storage alone. */
  public ReadTransaction transaction() {
    requireOpen();
    return transaction;
  }

  /** Moves to the newest commit. Open scans of this snapshot must be closed before. */
  public void renew() {
    if (closed) {
      requireOpen();
    }
    transaction.renew();
  }

  /**
   * Lets the pages of its commit go until {@link #renew}, which has to come before it is read
   * again. A snapshot that rests does not age and is not listed among the readers; to renew it
   * costs less than to take another, and allocates nothing. Open scans of it must be closed before.
   */
  public void rest() {
    if (closed) {
      requireOpen();
    }
    transaction.rest();
  }

  private void requireOpen() {
    if (closed) {
      throw new StorageException(ErrorCode.INVALID_ARGUMENT, "this snapshot is closed");
    }
    transaction.requireYoung();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      environment.release(transaction);
    }
  }
}
