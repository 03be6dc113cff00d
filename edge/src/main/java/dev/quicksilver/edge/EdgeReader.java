package dev.quicksilver.edge;

import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Pair;
import dev.quicksilver.storage.record.PairBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one database of a node on this machine, straight from its memory-mapped file. Safe for all
 * threads, virtual ones included.
 *
 * <p>What was committed before a call began, by whichever process, the call sees. That the node put
 * another copy into use, dropped the database or withholds it is seen about 100 ms later; a read
 * that spans the change is one of the copy before.
 *
 * <p>Open a database once in a process: LMDB does not support an environment twice in one process,
 * so a program that runs the node itself must use the node's own {@code Database}.
 */
public final class EdgeReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeReader.class);
  private static final long TEND_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final String name;
  private final GenerationInUse inUse;
  private final ReadSlots slots;
  private final Freshness freshness;
  private final Thread tender;
  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  private EdgeReader(Path dataDirectory, String name, StorageOptions options) {
    this.name = name;
    this.inUse =
        GenerationInUse.of(
            new FollowedDatabases(dataDirectory, Optional.of(name), options, System::nanoTime),
            name);
    this.slots = new ReadSlots(inUse);
    this.freshness = new Freshness(dataDirectory, options.clock());
    this.tender =
        Thread.ofPlatform().daemon().name("quicksilver-reader-" + name).unstarted(this::tend);
  }

  /**
   * Opens a database.
   *
   * @param dataDirectory the node's data directory, {@code data.directory} in its configuration
   * @param name the database's name
   * @throws StorageException NOT_FOUND if the node has no such database (yet), DIVERGED if the node
   *     does not serve it, INVALID_ARGUMENT if this process has it open already, UNSUPPORTED if
   *     LMDB does not work there or from here
   */
  public static EdgeReader open(Path dataDirectory, String name) {
    return open(dataDirectory, name, StorageOptions.DEFAULT);
  }

  /** Opens a database with the storage options of the node. */
  public static EdgeReader open(Path dataDirectory, String name, StorageOptions options) {
    EdgeReader reader = new EdgeReader(dataDirectory, name, options);
    reader.tender.start();
    return reader;
  }

  /** Returns the database's id, name and types; another one of the same name has another id. */
  public DatabaseIdentity identity() {
    inUse.lookIfDue();
    return inUse.place().database().identity();
  }

  // ---- look-ups

  /**
   * Looks the first {@code keyLength} bytes of the array up as a key at the newest commit. Takes no
   * lock, reads no clock, and makes no system call and allocates nothing, with three exceptions:
   * the first look-up in a slot, a first look-up after a pause of more than 80 ms, which looks
   * itself for another generation, and the first value of more than 4 KB that a buffer takes.
   *
   * @param keyLength from 1 to 511
   * @param into of the calling thread; keep one for each and use it again
   * @return whether the key is there; if so, {@code into} holds its value
   * @throws StorageException CORRUPT if the stored bytes do not match their checksum, NOT_FOUND if
   *     the database was dropped or this reader closed, DIVERGED if the node does not serve it any
   *     more, INVALID_ARGUMENT if no key has that length
   */
  public boolean get(byte[] key, int keyLength, PairBuffer into) {
    while (true) {
      ReadSlots.Slot slot = slots.begin();
      boolean complete = false;
      try {
        boolean found = ReadSlots.snapshot(slot).get(key, keyLength, into);
        complete = true;
        return found;
      } catch (StorageException e) {
        requireTooOld(e);
      } finally {
        slots.end(slot, complete);
      }
    }
  }

  /**
   * Returns the pair of a key at the newest commit.
   *
   * @throws StorageException as the other {@code get} does
   */
  public Optional<Pair> get(byte[] key) {
    while (true) {
      ReadSlots.Slot slot = slots.begin();
      boolean complete = false;
      try {
        Optional<Pair> found = Optional.ofNullable(ReadSlots.snapshot(slot).get(key));
        complete = true;
        return found;
      } catch (StorageException e) {
        requireTooOld(e);
      } finally {
        slots.end(slot, complete);
      }
    }
  }

  /** The process was stopped for long between two lines: the look-up has to begin again. */
  private static void requireTooOld(StorageException e) {
    if (e.code() != ErrorCode.SNAPSHOT_TOO_OLD) {
      throw e;
    }
  }

  /**
   * Returns the pairs of several keys, all of one commit, in the order of the keys.
   *
   * @throws StorageException as {@link #get} does
   */
  public List<Optional<Pair>> getAll(List<byte[]> keys) {
    try (Snapshot snapshot = inUse.snapshot()) {
      List<Optional<Pair>> found = new ArrayList<>(keys.size());
      for (byte[] key : keys) {
        found.add(Optional.ofNullable(snapshot.get(key)));
      }
      return found;
    }
  }

  // ---- scans

  /**
   * Visits the pairs whose keys begin with a prefix, in the order of their keys, all of one commit.
   * The scan holds a snapshot: do not wait in the visitor.
   *
   * @param prefix every pair for an empty one
   * @return how many pairs were visited
   * @throws StorageException as {@link #get} does
   */
  public long scan(byte[] prefix, PairVisitor visitor) {
    return scan(KeyRange.prefix(prefix), Direction.FORWARD, visitor);
  }

  /**
   * The same for the pairs of a range, in either direction.
   *
   * @throws StorageException as {@link #get} does; SNAPSHOT_TOO_OLD if it lasts for longer than the
   *     options allow
   */
  public long scan(KeyRange range, Direction direction, PairVisitor visitor) {
    try (Snapshot snapshot = inUse.snapshot();
        Scan scan = snapshot.scan(range, direction)) {
      long visited = 0;
      boolean more = true;
      while (more && scan.next()) {
        visited++;
        more =
            visitor.visit(new Pair(scan.key(), scan.value(), scan.sequence(), scan.commitTime()));
      }
      return visited;
    }
  }

  // ---- where it stands

  /** Returns where the database stands: its last sequence, that entry's commit time and so on. */
  public Head head() {
    try (Snapshot snapshot = inUse.snapshot()) {
      return snapshot.head();
    }
  }

  /**
   * Returns how old this copy may be: nothing that was committed on the root longer ago than that
   * is missing in what is read after this call. It grows while the node is down or cut off. Empty
   * if no node has said anything of this database yet. Reads a small file, at most every 100 ms.
   *
   * @throws StorageException IO if that file cannot be read
   */
  public Optional<Duration> age() {
    Optional<Duration> age = freshness.age(name);
    inUse.look(); // it may have been said of a generation that has just come into use
    return age;
  }

  /**
   * Waits until this copy has a sequence, looking every millisecond.
   *
   * @return whether it has; false when the time is over
   * @throws StorageException as {@link #get} does
   */
  public boolean awaitSequence(long sequence, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (head().lastSequence() < sequence) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      LockSupport.parkNanos(this, Math.min(left, POLL_NANOS));
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
    return true;
  }

  // ---- changes

  /**
   * Has a listener told of every entry after a sequence, once and in order, by a thread of its own,
   * until the subscription or this reader is closed. It goes on from copy to copy of the same
   * database.
   *
   * @param afterSequence 0 for the whole log, {@code head().lastSequence()} for what comes from now
   *     on, or what was told last, also by another process
   * @throws StorageException as {@link #get} does, INVALID_ARGUMENT for a sequence below 0
   */
  public Subscription listen(long afterSequence, ChangeListener listener) {
    if (afterSequence < 0) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "sequences begin at 1: listen after 0, not after " + afterSequence);
    }
    Subscription subscription =
        new Subscription(inUse, name, afterSequence, listener, subscriptions::remove);
    subscriptions.add(subscription);
    subscription.start();
    if (closed.get()) { // it may have looked through the subscriptions before this one was there
      subscription.close();
    }
    return subscription;
  }

  // ---- its life

  /** Returns how many snapshots keep pages of a commit for look-ups to come. */
  int snapshotsHeld() {
    return slots.held();
  }

  ReadSlots slots() {
    return slots;
  }

  /** Looks for another generation now. */
  void look() {
    inUse.look();
  }

  /** Lets snapshots go that nobody uses, and looks for another generation. */
  private void tend() {
    while (!closed.get()) {
      try {
        inUse.lookIfDue();
        if (slots.letGoUnused()) {
          LockSupport.parkNanos(this, TEND_NANOS);
        } else {
          slots.sleepUntilUsed(IDLE_NANOS);
        }
      } catch (RuntimeException | Error e) {
        LOG.error("the snapshots of {} could not be looked after; it is tried again", name, e);
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
    }
  }

  /**
   * Ends the subscriptions, and every read that begins from now on fails with NOT_FOUND. Waits for
   * the listeners' calls and look-ups that are under way. Scans go on to their end, and until then
   * this process cannot open the database again. Closing again does nothing.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    inUse.refuse();
    subscriptions.forEach(Subscription::close);
    LockSupport.unpark(tender);
    awaitEnd(tender);
    slots.close();
    inUse.close();
  }

  /** Waits for a thread's end, unless it is the calling one. */
  static void awaitEnd(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
