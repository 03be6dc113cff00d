package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open LMDB environment: its four sub-databases for lmdbjava and for the native calls, and a
 * pool of reset read transactions, since renewing one is several times cheaper than beginning one.
 * Closing waits for the last snapshot.
 */
public final class Environment {
  /** The file of an environment, in its folder. */
  public static final String FILE = "data.mdb";

  /** The key of a record that the meta tree of each of our environments has: its format. */
  public static final byte[] FORMAT_KEY = "format".getBytes(StandardCharsets.US_ASCII);

  private static final int POOLED = 64;
  private static final int COMMITS_PER_CHECK = 1_000;
  private static final long MILLIS_PER_CHECK = 1_000;

  /** A larger one keeps its memory: 30 ms for each GiB that is mapped is what to close it takes. */
  private static final long MOST_BYTES_REOPENED = 8L << 30;

  /** How long a large write is past when its memory is given back. */
  private static final Duration UNTIL_REOPENED = Duration.ofSeconds(5);

  /** The group may read the data, unless the umask forbids it, and write the lock file alone. */
  private static final int DATA_RIGHTS = 0644;

  private static final Logger LOG = LoggerFactory.getLogger(Environment.class);

  /**
   * Every environment that this process has open, by its folder. LMDB's locks belong to the
   * process: closing a second handle of an environment would free the reader slots of the first,
   * and its readers could then see pages that are being written. State of the process, so static.
   */
  private static final Set<EnvironmentFolder> OPEN = ConcurrentHashMap.newKeySet();

  /** Its folder. */
  public final Path path;

  private final EnvironmentFolder folder;
  private final List<String> fileKeys;

  /** Whether this process only reads it. */
  public final boolean readOnly;

  /** Bytes of a page. */
  public final int pageSize;

  final Duration maxSnapshotAge;

  /** What has failed since it was opened. */
  public final ErrorCounts errors = new ErrorCounts();

  private final StorageOptions options;

  // These three change only while nobody uses the environment.
  private long address; // 0 if it could not be opened again: whoever wants it next tries that
  private @Nullable WriteHandles writing; // what writers need; null if it is only read
  private @Nullable PageMap map;

  private final ArrayDeque<ReadTransaction> pool = new ArrayDeque<>();
  private final HeldSnapshots held;
  private final OtherReaders others;
  private final InstantSource clock;
  private final int maxReaders;
  private int open;
  private int commits;
  private long nextCheck;
  private boolean closing;
  private boolean awaitsReopening;
  private long openings;

  private Environment(
      Path path,
      EnvironmentFolder folder,
      long address,
      @Nullable WriteHandles writing,
      StorageOptions options) {
    this.path = path;
    this.folder = folder;
    this.address = address;
    this.writing = writing;
    this.readOnly = writing == null;
    this.options = options;
    this.maxSnapshotAge = options.maxSnapshotAge();
    this.clock = options.clock();
    this.held = new HeldSnapshots(maxSnapshotAge, clock);
    this.others = new OtherReaders(path, maxSnapshotAge, ProcessHandle.current().pid());
    this.maxReaders = NativeEnvironment.maxReaders(address, path);
    this.pageSize = NativeEnvironment.pageSize(address, path);
    this.fileKeys = EnvironmentFolder.fileKeys(path);
  }

  /** Opens or creates; every failure of LMDB comes out as ours and leaves nothing open. */
  public static Environment open(
      Path path, StorageOptions options, boolean readOnly, boolean create) {
    if (!create) {
      EnvironmentFolder.requireFile(path);
    }
    EnvironmentFolder folder = EnvironmentFolder.of(path);
    if (!OPEN.add(folder)) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          path + " is already open in this process; share the one Database");
    }
    try {
      if (!create) {
        CutFile.refuse(path.resolve(FILE));
      }
      LockFile.make(path, options.maxReaders(), readOnly);
      NativeLibraries.require();
      return readOnly ? reading(path, folder, options) : writing(path, folder, options, create);
    } catch (RuntimeException e) {
      OPEN.remove(folder);
      throw e;
    }
  }

  private static Environment reading(Path path, EnvironmentFolder folder, StorageOptions options) {
    int flags = NativeLmdb.NOTLS | NativeLmdb.NORDAHEAD;
    if (!options.durable()) {
      flags |= NativeLmdb.NOSYNC;
    }
    long address = NativeEnvironment.open(path, options, flags, DATA_RIGHTS);
    try {
      return new Environment(path, folder, address, null, options);
    } catch (RuntimeException e) {
      NativeLmdb.envClose(address);
      throw e;
    }
  }

  private static Environment writing(
      Path path, EnvironmentFolder folder, StorageOptions options, boolean create) {
    WriteHandles writing = WriteHandles.open(path, options, DATA_RIGHTS, create);
    try {
      return new Environment(path, folder, writing.address(), writing, options);
    } catch (RuntimeException e) {
      writing.env().close();
      throw e;
    }
  }

  /** Says whether this process has an environment open. */
  public static boolean isOpenHere(Path path) {
    return OPEN.contains(EnvironmentFolder.of(path));
  }

  private void closeNow() {
    if (address != 0) {
      closeHandle();
    }
    OPEN.remove(folder);
    if (awaitsReopening) {
      var _ =
          CompletableFuture.runAsync(NativeMemory::trim); // which takes a while, and locks are held
    }
  }

  private void closeHandle() {
    pool.forEach(ReadTransaction::abort);
    pool.clear();
    map = null;
    if (writing == null) {
      NativeLmdb.envClose(address);
    } else {
      writing.env().close();
    }
    address = 0;
  }

  /**
   * Says that a write transaction has changed many pages. LMDB keeps the memory that it has taken
   * for them, up to 512 MiB, for as long as the environment is open; so it is opened anew when
   * nobody uses it, once things have quietened down.
   */
  public synchronized void awaitReopening() {
    if (!awaitsReopening && options.durable()) {
      awaitsReopening = true;
      reopenLater();
    }
  }

  private void reopenLater() {
    CompletableFuture.delayedExecutor(UNTIL_REOPENED.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!reopened()) {
                reopenLater();
              }
            });
  }

  /**
   * Opens it anew if nobody uses it at the moment. Whoever wants it meanwhile waits; if that fails,
   * whoever wants it next tries again, and is told.
   *
   * @return whether nothing is left to do
   */
  boolean reopened() {
    synchronized (this) {
      if (closing || isReplaced() || !isWorthReopening()) {
        awaitsReopening = false;
        return true;
      }
      if (open > 0) {
        return false;
      }
      awaitsReopening = false;
      closeHandle();
      try {
        openAgain();
      } catch (RuntimeException e) {
        LOG.warn("{} could not be opened anew: {}; its next use tries again", path, e.toString());
      }
      openings++;
    }
    NativeMemory.trim();
    return true;
  }

  /**
   * Says whether to open it anew takes no longer than somebody here may wait, since the pages of
   * the map are let go one by one, and whether it could be opened, as far as that can be told.
   */
  private boolean isWorthReopening() {
    Path file = path.resolve(FILE);
    return file.toFile().length() <= MOST_BYTES_REOPENED
        && Files.isWritable(file)
        && Files.isWritable(path.resolve(LockFile.FILE));
  }

  /** Returns how often it was opened anew. */
  synchronized long openings() {
    return openings;
  }

  /** Says whether another folder or file stands where its own was, or none. */
  private boolean isReplaced() {
    try {
      return !fileKeys.equals(EnvironmentFolder.fileKeys(path));
    } catch (StorageException e) {
      return true;
    }
  }

  private void openAgain() {
    EnvironmentFolder.requireFile(path);
    CutFile.refuse(path.resolve(FILE));
    WriteHandles opened = WriteHandles.open(path, options, DATA_RIGHTS, false);
    if (isReplaced()) {
      opened.env().close();
      throw new StorageException(ErrorCode.NOT_FOUND, path + " was replaced while it was opened");
    }
    writing = opened;
    address = opened.address();
  }

  /**
   * Finds out where LMDB has mapped the file: it does not say so, but it says where records stand.
   * The list of trees and the meta tree always have some.
   */
  private PageMap findMap() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG_UNALIGNED);
      check(NativeLmdb.txnBegin(address, NativeLmdb.RDONLY, out.address()));
      long txn = out.get(JAVA_LONG_UNALIGNED, 0);
      try {
        MemorySegment handle = arena.allocate(JAVA_INT_UNALIGNED);
        MemorySegment name = arena.allocateFrom(Tree.META.label);
        check(NativeLmdb.dbiOpen(txn, name.address(), 0, handle.address()));
        return new PageMap(
            path,
            errors,
            pageSize,
            addressOf(arena, txn, NativeLmdb.MAIN_DBI, Tree.META.labelBytes()),
            addressOf(arena, txn, handle.get(JAVA_INT_UNALIGNED, 0), FORMAT_KEY));
      } finally {
        NativeLmdb.txnAbort(txn);
      }
    }
  }

  private long addressOf(Arena arena, long txn, int dbi, byte[] name) {
    MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, name);
    MemorySegment value = arena.allocate(32, 8); // two MDB_val: length and address, each 8 bytes
    value.set(JAVA_LONG_UNALIGNED, 0, name.length);
    value.set(JAVA_LONG_UNALIGNED, 8, bytes.address());
    int code = NativeLmdb.get(txn, dbi, value.address(), value.address() + 16);
    if (code == NativeLmdb.NOT_FOUND) {
      throw NativeEnvironment.notOurs(path);
    }
    check(code);
    return value.get(JAVA_LONG_UNALIGNED, 24);
  }

  /** Returns the tree {@code meta} for lmdbjava; the next three likewise. For writers. */
  public Dbi<ByteBuffer> meta() {
    return writing().meta();
  }

  public Dbi<ByteBuffer> data() {
    return writing().data();
  }

  public Dbi<ByteBuffer> chunks() {
    return writing().chunks();
  }

  public Dbi<ByteBuffer> log() {
    return writing().log();
  }

  /**
   * Returns what writers need.
   *
   * @throws StorageException INVALID_ARGUMENT if it is open for reading only
   */
  WriteHandles writing() {
    WriteHandles handles = writing;
    if (handles == null) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, path + " is open for reading only; open it for writing");
    }
    return handles;
  }

  /** Throws what a native return code stands for, unless it is success. */
  void check(int code) {
    if (code != 0) {
      throw errors.read(others.blame(LmdbErrors.of(code, path)));
    }
  }

  /** Returns what a failure of a write stands for. */
  public StorageException failure(LmdbException e) {
    return others.blame(LmdbErrors.of(e, path));
  }

  /** Returns a read transaction at the newest commit. */
  public ReadTransaction acquire() {
    ReadTransaction pooled;
    synchronized (this) {
      requireOpen();
      open++;
      pooled = pool.pollLast();
    }
    try {
      ReadTransaction transaction =
          pooled == null ? new ReadTransaction(this, map(), address) : pooled;
      if (pooled != null) {
        pooled.begin();
      }
      held.add(transaction);
      return transaction;
    } catch (RuntimeException e) {
      if (pooled != null) {
        pooled.abort();
      }
      finished();
      throw e;
    }
  }

  /** Returns the number of the newest commit. */
  public synchronized long newestCommit() {
    requireOpen();
    return map().meta().newestTransaction();
  }

  private synchronized PageMap map() {
    PageMap known = map;
    if (known == null) {
      known = findMap();
      map = known;
    }
    return known;
  }

  /**
   * Looks after the readers, after a commit: tells those that are too old, and once a second, or
   * after many commits, frees the slots of processes that died and looks who holds what.
   */
  public void tendReaders() {
    held.tell();
    long now = clock.millis();
    synchronized (this) {
      if (++commits % COMMITS_PER_CHECK != 0 && now < nextCheck) {
        return;
      }
      nextCheck = now + MILLIS_PER_CHECK;
    }
    tendOthers();
  }

  /** The same for other processes alone, now: for who found no room, which one may have had. */
  public void tendOthers() {
    synchronized (this) {
      if (closing || address == 0) {
        return;
      }
      open++;
    }
    try {
      lookAtOthers();
    } catch (StorageException e) { // a commit is durable all the same
      LOG.warn("the reader slots of {} could not be looked at", path, e);
    } finally {
      finished();
    }
  }

  /** Returns the other processes that have reader slots, once those of dead ones are free. */
  public List<ReaderProcess> otherReaders() {
    synchronized (this) {
      requireOpen();
      open++;
    }
    try {
      return lookAtOthers();
    } finally {
      finished();
    }
  }

  /** See {@code Database.hindering}. */
  public Optional<ReaderProcess> hindering() {
    return others.hindering();
  }

  /** Frees the slots of processes that died; returns the others that have some. */
  private List<ReaderProcess> lookAtOthers() {
    NativeEnvironment.freeDeadReaders(address, path);
    long newest = NativeEnvironment.newestCommit(address, path);
    List<ReaderList.Slot> slots = ReaderList.of(this, address, maxReaders);
    return others.look(slots, newest, path.resolve(FILE).toFile().length(), clock.millis());
  }

  /** Returns the snapshots that are open in this process. */
  public List<OpenSnapshot> readers() {
    return held.list();
  }

  /** Takes a read transaction back. */
  public void release(ReadTransaction transaction) {
    transaction.reset();
    held.remove(transaction);
    boolean kept;
    synchronized (this) {
      kept = !closing && pool.size() < POOLED;
      if (kept) {
        pool.addLast(transaction);
      }
    }
    if (!kept) {
      transaction.abort();
    }
    finished();
  }

  /** Begins LMDB's one write transaction; waits for the writer before. */
  public Txn<ByteBuffer> beginWrite() {
    if (Thread.currentThread().isVirtual()) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "LMDB's write lock belongs to a platform thread; write from one, not from a virtual"
              + " thread");
    }
    var _ = writing(); // which refuses whoever may not write
    synchronized (this) {
      requireOpen();
      open++;
    }
    try {
      return writing().env().txnWrite();
    } catch (LmdbException e) {
      finished();
      throw errors.add(LmdbErrors.of(e, path));
    }
  }

  /** Has LMDB copy the newest commit into an empty folder, without the free pages. */
  public void copyTo(Path empty) {
    using(() -> NativeEnvironment.copy(address, empty));
  }

  /** Waits until all that was committed is on the disk, and has later commits wait for it too. */
  public void becomeDurable() {
    using(
        () -> {
          try {
            writing().env().sync(true);
          } catch (LmdbException e) {
            throw LmdbErrors.of(e, path);
          }
          check(NativeLmdb.waitForDisk(address));
        });
  }

  /** Runs something while the environment does not close. */
  private void using(Runnable use) {
    synchronized (this) {
      requireOpen();
      open++;
    }
    try {
      use.run();
    } finally {
      finished();
    }
  }

  /** Says that what {@link #acquire} or {@link #beginWrite} began has ended. */
  public synchronized void finished() {
    open--;
    if (closing && open == 0) {
      closeNow();
    }
  }

  private void requireOpen() {
    if (closing) {
      throw new StorageException(ErrorCode.NOT_FOUND, "the database in " + path + " is closed");
    }
    if (address == 0) {
      openAgain();
    }
  }

  /**
   * Refuses new work; the environment closes with the last snapshot or write session that is still
   * open.
   */
  public synchronized void close() {
    if (closing) {
      return;
    }
    closing = true;
    pool.forEach(ReadTransaction::abort);
    pool.clear();
    if (open == 0) {
      closeNow();
    }
  }
}
