package dev.quicksilver.storage;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One LMDB read transaction: the database at one commit, whatever is written meanwhile. For one
 * thread at a time, any thread. Holding one keeps the pages of its commit from being used again, so
 * close it soon.
 */
public final class Snapshot implements AutoCloseable {
  private final Database database;
  private final Environment environment;
  private final ReadTransaction transaction;
  private boolean closed;
  private final PairBuffer buffer = new PairBuffer();
  private final byte[] pieceKey = new byte[RecordFormat.PIECE_KEY];

  Snapshot(Database database, Environment environment) {
    this.database = database;
    this.environment = environment;
    this.transaction = environment.acquire();
  }

  /** Returns where the database stands in this snapshot. */
  public Head head() {
    requireOpen();
    if (!transaction.get(environment.metaHandle, MetaFormat.HEAD_KEY, MetaFormat.HEAD_KEY.length)) {
      throw new StorageException(
          ErrorCode.CORRUPT, "the head record of " + environment.path + " is missing");
    }
    byte[] head = new byte[transaction.dataLength()];
    transaction.copyData(head, 0, head.length);
    return MetaFormat.decodeHead(head, environment.path);
  }

  byte @Nullable [] meta(byte[] key) {
    if (!transaction.get(environment.metaHandle, key, key.length)) {
      return null;
    }
    byte[] value = new byte[transaction.dataLength()];
    transaction.copyData(value, 0, value.length);
    return value;
  }

  /** Returns the number of live pairs, in O(1). */
  public long pairs() {
    requireOpen();
    return transaction.entries(environment.dataHandle);
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
    if (!transaction.get(environment.dataHandle, key, keyLength)) {
      return false;
    }
    readRecord(key, keyLength, into, true);
    return true;
  }

  /** Copies and checks the record that the transaction's data points at. */
  void readRecord(byte[] key, int keyLength, PairBuffer into, boolean withValue) {
    int length = transaction.dataLength();
    if (length < RecordFormat.HEADER || length > RecordFormat.PIECE) {
      throw corrupt(key, keyLength, "its length is impossible");
    }
    transaction.copyData(into.record, 0, length);
    if (RecordFormat.crc(into.crc, key, keyLength, into.record, length)
        != Bytes.getInt(into.record, 0)) {
      throw corrupt(key, keyLength, "its checksum is wrong");
    }
    into.recordLength = length;
    into.chunked = (into.record[4] & RecordFormat.FLAG_CHUNKED) != 0;
    if (!into.chunked) {
      into.valueLength = length - RecordFormat.HEADER;
      return;
    }
    into.valueLength = Bytes.getInt(into.record, RecordFormat.HEADER);
    if (withValue) {
      readChunks(key, keyLength, into);
    }
  }

  private void readChunks(byte[] key, int keyLength, PairBuffer into) {
    into.large = Bytes.atLeast(into.large, into.valueLength);
    Bytes.putLong(pieceKey, 0, into.sequence());
    int at = 0;
    for (int index = 0; at < into.valueLength; index++) {
      Bytes.putInt(pieceKey, 8, index);
      int expected = Math.min(RecordFormat.PIECE, into.valueLength - at);
      if (!transaction.get(environment.chunksHandle, pieceKey, pieceKey.length)
          || transaction.dataLength() != expected) {
        throw corrupt(key, keyLength, "chunk " + index + " of its value is missing or cut");
      }
      transaction.copyData(into.large, at, expected);
      at += expected;
    }
    into.crc.reset();
    into.crc.update(into.large, 0, into.valueLength);
    if ((int) into.crc.getValue() != Bytes.getInt(into.record, RecordFormat.HEADER + 4)) {
      throw corrupt(key, keyLength, "the checksum of its value is wrong");
    }
  }

  private StorageException corrupt(byte[] key, int keyLength, String what) {
    database.countCorruption();
    return new StorageException(
        ErrorCode.CORRUPT,
        "the record of key "
            + Text.quote(Arrays.copyOf(key, keyLength))
            + " in "
            + environment.path
            + " is damaged: "
            + what
            + "; bootstrap this node again from a peer");
  }

  /** Reads the pairs of a range in order. Close the scan before the snapshot. */
  public Scan scan(KeyRange range, Direction direction) {
    requireOpen();
    return new Scan(this, environment, transaction, range, direction);
  }

  /**
   * Reads the log entry by entry from a sequence on, up to this snapshot's head.
   *
   * @throws StorageException NOT_IN_LOG if the sequence was garbage-collected
   */
  public LogScan scanLog(long fromSequence) {
    requireOpen();
    return new LogScan(use -> use.apply(this), fromSequence);
  }

  ReadTransaction transaction() {
    requireOpen();
    return transaction;
  }

  Environment environment() {
    return environment;
  }

  /** Moves to the newest commit. Open scans of this snapshot must be closed before. */
  public void renew() {
    if (closed) {
      requireOpen();
    }
    transaction.reset();
    transaction.renew();
    transaction.heldSince(environment.clock.millis());
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
