package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.BlockEncoder;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.storage.record.RecordFormat;
import org.jspecify.annotations.Nullable;

/**
 * Gives new entries their sequences: the root's write session. Begin, entries, end – once for each
 * PostgreSQL transaction – and then {@link #commit()}, which makes all of them durable together.
 * For one platform thread; holds LMDB's write lock until it is closed.
 *
 * <p>Memory stays bounded whatever the size of a transaction: entries go into LMDB and into the log
 * as they come.
 */
public final class Appender extends WriteSession {
  /** A block is closed at the end of the transaction in which it grows beyond this. */
  private static final long BLOCK_BYTES = 1 << 20;

  private final BlockEncoder encoder;
  private final Entry entry = new Entry();
  private boolean inTransaction;
  private boolean inBlock;
  private boolean began;
  private long blockStart;
  private ChainHash blockBefore;
  private long blockTransactions;
  private long uncompressedBefore;
  private long pending;

  Appender(Database database) {
    super(database);
    encoder = new BlockEncoder(log::segment);
    blockBefore = before.chainHash();
  }

  /**
   * Begins a transaction.
   *
   * @param commitLsn LSN of its commit record
   * @param commitTime its commit time in µs since 1970-01-01 UTC
   */
  public void begin(long commitLsn, long commitTime) {
    requireUsable();
    if (inTransaction) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "a transaction begins inside another; end that one first");
    }
    inTransaction = true;
    began = false;
    entry.transaction(commitLsn, commitTime);
  }

  /** Gives a key (1 to 511 bytes) a value (at most 64 MiB). */
  public void set(byte[] key, byte[] value) {
    RecordFormat.checkKey(key.length);
    RecordFormat.checkValue(value.length);
    entry.set(key, key.length, value, 0, value.length);
    append();
  }

  /** Takes a key away; an entry is written whether it was there or not. */
  public void delete(byte[] key) {
    RecordFormat.checkKey(key.length);
    entry.delete(key, key.length);
    append();
  }

  /** Takes all keys away. */
  public void clear() {
    entry.clear();
    append();
  }

  private void append() {
    requireUsable();
    if (!inTransaction) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "an entry stands outside a transaction; begin one first");
    }
    try {
      if (!inBlock) {
        beginBlock();
      }
      if (!began) {
        began = true;
        encoder.begin(entry.commitLsn(), entry.commitTime());
      }
      sequence++;
      entry.sequence(sequence);
      hash.chain(chain, entry);
      encoder.entry(entry);
      switch (entry.operation()) {
        case SET -> pairs.set(entry);
        case DEL -> pairs.delete(entry.key(), entry.keyLength());
        case CLEAR -> pairs.clear();
      }
      pending += entry.keyLength() + entry.valueLength() + RecordFormat.HEADER;
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private void beginBlock() {
    inBlock = true;
    blockStart = sequence + 1;
    blockBefore = ChainHash.of(chain, 0);
    blockTransactions = 0;
    uncompressedBefore = encoder.uncompressedLength();
    log.begin(blockStart);
  }

  /** Returns a key's value as this session sees it now, or null. */
  public byte @Nullable [] get(byte[] key) {
    requireUsable();
    return pairs.get(key);
  }

  /**
   * Ends the transaction.
   *
   * @param after the position that includes it: its end LSN
   */
  public void end(Position after) {
    requireUsable();
    if (!inTransaction) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "no transaction has begun that could end");
    }
    inTransaction = false;
    position = after;
    if (!began) {
      return;
    }
    try {
      commitTime = entry.commitTime();
      encoder.end(after.lsn());
      blockTransactions++;
      if (encoder.uncompressedLength() - uncompressedBefore >= BLOCK_BYTES) {
        endBlock();
      }
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private void endBlock() {
    encoder.flush();
    log.end(
        new BlockHeader(
            blockStart,
            sequence,
            blockBefore,
            ChainHash.of(chain, 0),
            pairs.digest(),
            position,
            commitTime,
            0,
            encoder.uncompressedLength() - uncompressedBefore,
            blockTransactions));
    inBlock = false;
  }

  /**
   * Records a later position, between transactions, when what the WAL holds up to there is not
   * ours.
   */
  public void position(Position later) {
    requireUsable();
    if (inTransaction) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "a position is recorded between transactions, not inside one");
    }
    position = later;
    if (inBlock) {
      endBlock();
    }
  }

  /** Returns how many bytes of keys and values wait for the commit. */
  public long pendingBytes() {
    return pending;
  }

  /** Makes everything durable and visible; when it returns, it is. The session has then ended. */
  public Head commit() {
    requireUsable();
    if (inTransaction) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "a transaction is still open; end it before the commit");
    }
    try {
      if (inBlock) {
        endBlock();
      }
    } catch (RuntimeException e) {
      throw failed(e);
    }
    return commitAll();
  }
}
