package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.CopyState;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.storage.record.RecordFormat;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes a new database of pairs that come sorted by key, without a log: the fastest way in. Pairs
 * get the sequences 1, 2, 3 … in the order of their keys. Commits every {@value #PAIRS_PER_COMMIT}
 * pairs or 64 MiB, so memory stays bounded; {@link Database#open} refuses the folder until {@link
 * #finish}. A load that was killed goes on after {@link #lastKey}; one that was cut off by the end
 * of the machine begins anew, since only {@link #finish} and {@link #close} wait for the disk.
 *
 * <p>All calls from one platform thread.
 */
public final class BulkLoad implements AutoCloseable {
  private static final int PAIRS_PER_COMMIT = 100_000;
  private static final long BYTES_PER_COMMIT = 64 << 20;

  private final PrefixReplica making;
  private final long commitTime;
  private final Entry entry = new Entry();
  private long sequence;
  private @Nullable PrefixSession session;
  private int pending;
  private long pendingBytes;

  private BulkLoad(PrefixReplica making) {
    this.making = making;
    Head head = making.head();
    this.commitTime = head.commitTime();
    this.sequence = head.lastSequence();
    entry.transaction(0, commitTime);
  }

  /**
   * Begins a new one.
   *
   * @param commitTime of all pairs, µs since 1970-01-01 UTC
   * @throws StorageException ALREADY_EXISTS if the folder holds an environment
   */
  public static BulkLoad begin(
      Path folder, DatabaseIdentity identity, long commitTime, StorageOptions options) {
    Head start =
        new Head(
            0, ChainHash.genesis(identity.id()), ContentDigest.EMPTY, Position.NONE, commitTime, 1);
    return new BulkLoad(
        PrefixReplica.create(folder, identity, start, CopyState.Kind.LOAD, options));
  }

  /**
   * Goes on with one that was begun before.
   *
   * @throws StorageException NOT_FOUND if there is none, or none any more: what was being loaded
   *     when the machine stopped is thrown away; ALREADY_EXISTS if it is finished
   */
  public static BulkLoad resume(Path folder, StorageOptions options) {
    return new BulkLoad(PrefixReplica.open(folder, CopyState.Kind.LOAD, options));
  }

  /** Returns the largest key that was committed; null if none was. */
  public byte @Nullable [] lastKey() {
    return making.bound();
  }

  /** Returns how many pairs were added, committed or not. */
  public long pairs() {
    return sequence;
  }

  /**
   * Adds a pair.
   *
   * @throws StorageException INVALID_ARGUMENT if the key is not above the one before, in unsigned
   *     byte order, or key or value are too long; nothing has changed then, and the load can go on
   */
  public void add(byte[] key, byte[] value) {
    add(key, key.length, value, value.length);
  }

  /** Adds the pair that the first bytes of the arrays are; otherwise as {@link #add}. */
  public void add(byte[] key, int keyLength, byte[] value, int valueLength) {
    RecordFormat.checkKey(keyLength);
    RecordFormat.checkValue(valueLength);
    PrefixSession open = session;
    if (open == null) {
      open = making.write();
      session = open;
    }
    entry.set(key, keyLength, value, 0, valueLength);
    entry.sequence(sequence + 1);
    open.append(entry);
    sequence++;
    pending++;
    pendingBytes += keyLength + valueLength;
    if (pending >= PAIRS_PER_COMMIT || pendingBytes >= BYTES_PER_COMMIT) {
      commit();
    }
  }

  private void commit() {
    PrefixSession open = session;
    if (open != null) {
      open.commit();
      session = null;
      pending = 0;
      pendingBytes = 0;
    }
  }

  /**
   * Makes it a database as any other, with an empty log: a follower has to begin with a snapshot.
   * It is durable when this returns. Close this then, and open that.
   *
   * @param position up to which PostgreSQL's WAL is in it
   * @return where it stands
   */
  public Head finish(Position position) {
    commit();
    Head loaded = making.head();
    Head head =
        new Head(
            sequence,
            sequence == 0
                ? loaded.chainHash()
                : ChainHash.ofLoad(
                    making.identity().id(), sequence, loaded.contentDigest(), position, commitTime),
            loaded.contentDigest(),
            position,
            sequence == 0 ? 0 : commitTime,
            sequence + 1);
    byte[] stored = new byte[MetaFormat.HEAD_LENGTH];
    MetaFormat.encodeHead(head, sequence, stored);
    FailPoint.hit("load.before-finish");
    making.endMaking(stored);
    FailPoint.hit("load.after-finish");
    return head;
  }

  /** Ends it; what was not committed yet is lost, and so is nothing else. */
  @Override
  public void close() {
    if (session != null) {
      session.close();
      session = null;
    }
    making.close();
  }
}
