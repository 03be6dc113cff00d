package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.LmdbErrors;
import dev.quicksilver.storage.lmdb.OpenSnapshot;
import dev.quicksilver.storage.lmdb.ReaderProcess;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.lmdb.UnsyncedMark;
import dev.quicksilver.storage.log.BlockDecoder;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.CopyState;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import dev.quicksilver.storage.record.MetaReader;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;

/**
 * One database, open in this process. Open an environment once in a process: LMDB's file locks
 * vanish when a second handle of the same process closes. Safe for all threads.
 */
public final class Database implements AutoCloseable {
  private static final long READ_ONLY_POLL = TimeUnit.MILLISECONDS.toNanos(1);

  private final Environment environment;
  private final StorageOptions options;
  private final DatabaseIdentity identity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition commit = lock.newCondition();
  private volatile long lastSequence;
  private long nudgeCount;
  private volatile boolean closed;
  private volatile @Nullable Database successor;
  private final Durations commits = new Durations();
  private final LongAdder entriesCommitted = new LongAdder();

  private Database(Environment environment, StorageOptions options, boolean finished) {
    this.environment = environment;
    this.options = options;
    try (Snapshot snapshot = new Snapshot(environment)) {
      byte[] format = MetaReader.record(snapshot.transaction(), MetaFormat.FORMAT_KEY);
      byte[] stored = MetaReader.record(snapshot.transaction(), MetaFormat.IDENTITY_KEY);
      if (format == null || stored == null) {
        throw new StorageException(
            ErrorCode.WRONG_FORMAT,
            environment.path + " is an LMDB environment, but not one of Quicksilver");
      }
      MetaFormat.checkFormat(format, environment.path);
      identity = MetaFormat.decodeIdentity(stored, environment.path);
      if (finished && MetaReader.record(snapshot.transaction(), MetaFormat.COPY_KEY) != null) {
        throw new StorageException(
            ErrorCode.UNFINISHED,
            environment.path
                + " is an unfinished copy of "
                + identity.name()
                + "; resume the snapshot (or the load), or remove the folder");
      }
      lastSequence = snapshot.head().lastSequence();
    }
  }

  /**
   * Makes a new, empty database in a folder, which is created.
   *
   * @throws StorageException ALREADY_EXISTS if there is one
   */
  public static Database create(Path folder, DatabaseIdentity identity, StorageOptions options) {
    Head empty =
        new Head(0, ChainHash.genesis(identity.id()), ContentDigest.EMPTY, Position.NONE, 0, 1);
    return create(folder, identity, options, empty, null);
  }

  /** Makes a new database that stands at a head; if there is a state, one that is in the making. */
  public static Database create(
      Path folder,
      DatabaseIdentity identity,
      StorageOptions options,
      Head start,
      @Nullable CopyState state) {
    if (Files.exists(folder.resolve(Environment.FILE))) {
      throw new StorageException(ErrorCode.ALREADY_EXISTS, "there is a database in " + folder);
    }
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, folder + " could not be created: " + e, e);
    }
    Environment environment = Environment.open(folder, options, false, true);
    try (var txn = environment.beginWrite()) {
      byte[] head = new byte[MetaFormat.HEAD_LENGTH];
      MetaFormat.encodeHead(start, 0, head);
      put(environment, txn, MetaFormat.FORMAT_KEY, MetaFormat.encodeFormat());
      put(environment, txn, MetaFormat.IDENTITY_KEY, MetaFormat.encodeIdentity(identity));
      put(environment, txn, MetaFormat.HEAD_KEY, head);
      if (state != null) {
        put(environment, txn, MetaFormat.COPY_KEY, state.encode());
      }
      txn.commit();
    } catch (LmdbException e) {
      environment.close();
      throw LmdbErrors.of(e, folder);
    } finally {
      environment.finished();
    }
    return opened(environment, options, state == null);
  }

  private static void put(
      Environment environment,
      org.lmdbjava.Txn<java.nio.ByteBuffer> txn,
      byte[] key,
      byte[] value) {
    environment.meta().put(txn, Bytes.direct(key), Bytes.direct(value));
  }

  /**
   * Opens a database for reading and writing.
   *
   * @throws StorageException NOT_FOUND, WRONG_FORMAT or what else stands in the way
   */
  public static Database open(Path folder, StorageOptions options) {
    UnsyncedMark.of(folder, options).requireKept();
    return opened(Environment.open(folder, options, false, false), options, true);
  }

  /**
   * Opens a database for reading: the way of the bridge and of local readers, beside the node that
   * writes.
   */
  public static Database openReadOnly(Path folder, StorageOptions options) {
    UnsyncedMark.of(folder, options).requireKept();
    return opened(Environment.open(folder, options, true, false), options, true);
  }

  /** Opens what is still being made, too; its commits do not wait for the disk. */
  public static Database openUnfinished(Path folder, StorageOptions options) {
    return opened(
        Environment.open(folder, options.withoutDurability(), false, false), options, false);
  }

  private static Database opened(
      Environment environment, StorageOptions options, boolean finished) {
    try {
      return new Database(environment, options, finished);
    } catch (RuntimeException e) {
      environment.close();
      throw e;
    }
  }

  /** Returns the folder of the environment. */
  public Path folder() {
    return environment.path;
  }

  /** Returns id, name and types. */
  public DatabaseIdentity identity() {
    return identity;
  }

  /** Returns how it was opened. */
  public StorageOptions options() {
    return options;
  }

  /** Returns where the database stands at its newest commit, by whichever process. */
  public Head head() {
    try (Snapshot snapshot = snapshot()) {
      return snapshot.head();
    }
  }

  /**
   * Returns the number of the newest commit, by whichever process: another one with each commit. To
   * ask costs next to nothing.
   *
   * @throws StorageException NOT_FOUND if this was closed
   */
  public long newestCommit() {
    return environment.newestCommit();
  }

  /** Takes a snapshot at the newest commit, of the copy that was put in this one's place if any. */
  public Snapshot snapshot() {
    try {
      return new Snapshot(environment);
    } catch (StorageException e) {
      Database next = successor;
      if (next == null || e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
      return next.snapshot();
    }
  }

  /** Begins to append: waits for LMDB's one write lock. From a platform thread only. */
  public Appender append() {
    return new Appender(this);
  }

  /** Begins to apply blocks: waits for LMDB's one write lock. From a platform thread only. */
  public Applier apply() {
    return new Applier(this, CopyState.FINISHED);
  }

  /** Returns the environment that it is, for the packages of storage alone. */
  public Environment environment() {
    return environment;
  }

  /**
   * Reads the log from a sequence on, for a follower: of this environment alone, since another one
   * may hold its blocks otherwise cut. NOT_FOUND once another copy has taken its place.
   */
  public LogReader readLog(long fromSequence) {
    return new LogReader(inSnapshot(), environment.errors, fromSequence);
  }

  private LogReader.Use inSnapshot() {
    return use -> {
      try (Snapshot snapshot = new Snapshot(environment)) {
        return use.apply(snapshot.transaction());
      }
    };
  }

  /**
   * Returns the first sequence of the transaction that a sequence belongs to; the sequence itself
   * if it is the next one to come. Reads one block at most.
   *
   * @throws StorageException NOT_IN_LOG if the sequence is further ahead or was garbage-collected
   */
  public long transactionStart(long sequence) {
    if (sequence == head().lastSequence() + 1) {
      return sequence;
    }
    LogReader reader = LogReader.uncut(inSnapshot(), environment.errors, sequence);
    BlockHeader header = reader.nextBlock();
    if (header == null) {
      throw new StorageException(
          ErrorCode.NOT_IN_LOG,
          "sequence " + sequence + " is not in the log of " + identity.name() + " yet");
    }
    try {
      BlockDecoder decoder = new BlockDecoder(reader::nextSegment);
      long next = header.firstSequence();
      long start = next;
      while (decoder.next()) {
        if (decoder.kind() == BlockDecoder.Kind.BEGIN) {
          start = next;
        } else if (decoder.kind() == BlockDecoder.Kind.ENTRY && next++ == sequence) {
          return start;
        }
      }
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "the log could not be read", e);
    }
    throw new StorageException(
        ErrorCode.CORRUPT,
        "the block at sequence " + header.firstSequence() + " ends before its last sequence");
  }

  /**
   * Returns the chain hash after a sequence.
   *
   * @throws StorageException NOT_IN_LOG if the sequence is ahead, was garbage-collected, or does
   *     not end a transaction
   */
  public ChainHash chainHashAt(long sequence) {
    try (Snapshot snapshot = snapshot()) {
      Head head = snapshot.head();
      if (sequence == head.lastSequence()) {
        return head.chainHash();
      }
      if (sequence == 0) {
        return ChainHash.genesis(identity.id());
      }
      if (sequence < 0 || sequence > head.lastSequence() || sequence + 1 < head.oldestSequence()) {
        throw new StorageException(
            ErrorCode.NOT_IN_LOG,
            "sequence "
                + sequence
                + " is not in the log of "
                + identity.name()
                + ", which holds "
                + head.oldestSequence()
                + " to "
                + head.lastSequence());
      }
    }
    BlockHeader next = readLog(sequence + 1).nextBlock();
    if (next == null) {
      throw new StorageException(
          ErrorCode.NOT_IN_LOG,
          "sequence " + sequence + " is not in the log of " + identity.name());
    }
    return next.before();
  }

  /**
   * Waits until there is an entry after a sequence, at most so long.
   *
   * @return whether there is one
   */
  public boolean awaitCommit(long afterSequence, long timeoutNanos) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutNanos;
    if (environment.readOnly) {
      while (head().lastSequence() <= afterSequence) {
        if (closed || System.nanoTime() - deadline >= 0) {
          return false;
        }
        LockSupport.parkNanos(READ_ONLY_POLL);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
      return true;
    }
    return awaitCommit(afterSequence, () -> false, timeoutNanos);
  }

  /**
   * The same in a database that is written here, and returns false early when somebody has called
   * {@link #nudge} since.
   *
   * @param nudges what {@link #nudges} said before the caller looked at what it is nudged for
   */
  public boolean awaitCommit(long afterSequence, long nudges, long timeoutNanos)
      throws InterruptedException {
    return awaitCommit(afterSequence, () -> nudgeCount != nudges, timeoutNanos);
  }

  private boolean awaitCommit(long afterSequence, BooleanSupplier nudged, long timeoutNanos)
      throws InterruptedException {
    lock.lock();
    try {
      long left = timeoutNanos;
      while (lastSequence <= afterSequence) {
        if (closed || nudged.getAsBoolean() || left <= 0) {
          return false;
        }
        left = commit.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Wakes those who wait for a commit and have something else to look at. */
  void nudge() {
    lock.lock();
    try {
      nudgeCount++;
      commit.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns how often {@link #nudge} was called. */
  public long nudges() {
    lock.lock();
    try {
      return nudgeCount;
    } finally {
      lock.unlock();
    }
  }

  void committed(Head head, long entries, long nanos) {
    commits.add(nanos);
    entriesCommitted.add(entries);
    lock.lock();
    try {
      lastSequence = head.lastSequence();
      commit.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the snapshots that are open in this process, those first that were taken first. */
  public List<OpenSnapshot> readers() {
    Database next = successor;
    return next == null ? environment.readers() : next.readers();
  }

  /**
   * Returns the other processes that have reader slots, by their ids; the slots of processes that
   * have died are freed before. A snapshot that another process holds for too long is warned of in
   * the log once, but never taken from it: it would read pages that are being written over.
   */
  public List<ReaderProcess> otherReaders() {
    Database next = successor;
    return next == null ? environment.otherReaders() : next.otherReaders();
  }

  /**
   * Returns the process that has held a snapshot for longer than one may be held while the file has
   * grown by a quarter, and by 16 MiB at least: it will go on growing. A copy in this one's place
   * leaves that process alone with this one. As of the last second in which there was a commit.
   */
  public Optional<ReaderProcess> hindering() {
    return environment.hindering();
  }

  /** Returns how many reads met damage since this process opened the database. */
  public long corruptReads() {
    return environment.errors.corruptReads();
  }

  /**
   * Returns how often reads and writes have failed since this process opened the database, by code,
   * but for what the caller can do something about ({@link ErrorCode.Owner#USER}); codes that never
   * came are 0.
   */
  public Map<ErrorCode, Long> errors() {
    return environment.errors.all();
  }

  /** Returns how long LMDB's commits have taken since this process opened the database. */
  public Durations.Sums commits() {
    return commits.sums();
  }

  /** Returns how many entries were committed since this process opened the database. */
  public long entriesCommitted() {
    return entriesCommitted.sum();
  }

  /** Returns how large the file may become, in bytes. */
  public long mapBytes() {
    return options().mapSize();
  }

  /** Returns the length of the environment's file in bytes. */
  public long fileBytes() {
    Database next = successor;
    if (next != null) {
      return next.fileBytes();
    }
    try {
      return Files.size(environment.path.resolve(Environment.FILE));
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, environment.path + " cannot be read: " + e, e);
    }
  }

  /**
   * Closes this one, whose place another copy has taken: who still asks this one for a snapshot is
   * given one of the other, so that no read fails. Snapshots that are open stay what they are.
   */
  void closeInFavourOf(Database next) {
    successor = next;
    close();
  }

  /**
   * Refuses new work. The environment itself closes with its last open snapshot or write session.
   */
  @Override
  public void close() {
    closed = true;
    lock.lock();
    try {
      commit.signalAll();
    } finally {
      lock.unlock();
    }
    environment.close();
  }

  @Override
  public String toString() {
    return identity.name() + " in " + environment.path;
  }
}
