package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogWriter;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import dev.quicksilver.storage.record.PairWriter;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.storage.record.Sha256;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What appending and applying share: one LMDB write transaction, the head that it will leave, all
 * or nothing. For one platform thread.
 */
abstract class WriteSession implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WriteSession.class);

  /** LMDB may keep up to so many bytes of memory for the next write, and no more for long. */
  private static final long MUCH_CHANGED = 64 << 20;

  private final Database database;
  final Environment environment;
  final Txn<ByteBuffer> txn;
  final PairWriter pairs;
  final LogWriter log;
  final Sha256 hash = new Sha256();
  final byte[] chain;
  final Head before;
  long sequence;
  Position position;
  long commitTime;
  private @Nullable Throwable failure;
  private boolean ended;
  private boolean makingRoom;

  WriteSession(Database database) {
    this.database = database;
    this.environment = database.environment();
    this.txn = environment.beginWrite();
    try {
      byte[] stored = readHead();
      before = MetaFormat.decodeHead(stored, environment.path);
      pairs = new PairWriter(environment, txn, before.contentDigest(), MetaFormat.pairs(stored));
      log = new LogWriter(environment, txn);
    } catch (RuntimeException e) {
      txn.close();
      environment.finished();
      throw e instanceof StorageException known ? environment.errors.read(known) : e;
    }
    chain = before.chainHash().toBytes();
    sequence = before.lastSequence();
    position = before.position();
    commitTime = before.commitTime();
  }

  private byte[] readHead() {
    ByteBuffer stored = environment.meta().get(txn, Bytes.direct(MetaFormat.HEAD_KEY));
    if (stored == null) {
      throw new StorageException(
          ErrorCode.CORRUPT, "the head record of " + environment.path + " is missing");
    }
    byte[] head = new byte[stored.remaining()];
    stored.get(head);
    return head;
  }

  /** Refuses to go on after a failure, or after the end. */
  protected final void requireUsable() {
    if (ended || failure != null) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          ended
              ? "this write session has ended; open another"
              : "this write session failed and can only be closed",
          failure);
    }
  }

  /** Spoils the session, and returns why, to be thrown. */
  protected final <E extends Throwable> E failed(E e) {
    if (failure == null && e instanceof StorageException known) {
      environment.errors.add(known);
    }
    failure = e;
    return e;
  }

  /** Returns what changes the pairs in this session. */
  protected final PairWriter writer() {
    return pairs;
  }

  /** Says which sequence is the last that was written. */
  protected final void moveTo(long last) {
    sequence = last;
  }

  /** Says up to which position of the WAL all is written. */
  protected final void moveTo(Position upTo) {
    position = upTo;
  }

  /** Writes a record of the {@code meta} tree. */
  protected final void putMeta(byte[] key, byte[] value) {
    try {
      environment.meta().put(txn, Bytes.direct(key), Bytes.direct(value));
    } catch (LmdbException e) {
      throw failed(environment.failure(e));
    }
  }

  /** Returns the head as this session would leave it. */
  public final Head head() {
    return headAfter(before.oldestSequence());
  }

  final Head commitAll() {
    try {
      log.storeHeld();
      Head after = headAfter(trimLog());
      byte[] head = new byte[MetaFormat.HEAD_LENGTH];
      MetaFormat.encodeHead(after, pairs.count(), head);
      environment.meta().put(txn, Bytes.direct(MetaFormat.HEAD_KEY), Bytes.direct(head));
      FailPoint.hit("storage.before-commit");
      long from = System.nanoTime();
      txn.commit();
      long took = System.nanoTime() - from;
      FailPoint.hit("storage.after-commit");
      environment.tendReaders();
      end();
      database.committed(after, after.lastSequence() - before.lastSequence(), took);
      return after;
    } catch (LmdbException e) {
      throw failed(environment.failure(e));
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private Head headAfter(long oldestSequence) {
    return new Head(
        sequence, ChainHash.of(chain, 0), pairs.digest(), position, commitTime, oldestSequence);
  }

  /** Takes old blocks away; returns the oldest sequence then. */
  private long trimLog() {
    StorageOptions options = database.options();
    Instant oldest = options.clock().instant().minus(options.logMaxAge());
    return log.trim(
        before.oldestSequence(),
        sequence,
        TimeUnit.SECONDS.toMicros(oldest.getEpochSecond()) + oldest.getNano() / 1_000,
        options.logMaxBytes());
  }

  private void end() {
    ended = true;
    txn.close();
    environment.finished();
    if (pairs.changedBytes() >= MUCH_CHANGED) {
      environment.awaitReopening();
    }
  }

  /** Throws everything away that was not committed. */
  @Override
  public final void close() {
    if (!ended) {
      end();
      if (!makingRoom
          && failure instanceof StorageException full
          && full.code() == ErrorCode.NO_SPACE) {
        environment.tendOthers();
        makeRoom();
      }
    }
  }

  /**
   * A log that is larger than allowed, since it was bounded more loosely before or was not trimmed
   * while commits failed, may be all that fills the map: takes some of it away in a commit of its
   * own, so that the next attempt may succeed.
   */
  private void makeRoom() {
    try (WriteSession trimming = new Appender(database)) {
      trimming.makingRoom = true;
      if (trimming.log.isTooLarge(database.options().logMaxBytes())) {
        trimming.commitAll();
      }
    } catch (StorageException e) {
      LOG.debug("no room could be made in {}: {}", environment.path, e.getMessage());
    }
  }
}
