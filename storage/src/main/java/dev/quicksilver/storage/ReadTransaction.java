package dev.quicksilver.storage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A native read transaction with its scratch memory: MDB_val of the key at 0, MDB_val of the data
 * at 16, the key's bytes at 32, a pointer or MDB_stat at 544. One thread at a time.
 */
final class ReadTransaction {
  private static final int DATA = 16;
  private static final int KEY_BYTES = 32;
  private static final int OUT = 544;

  private final Environment environment;
  private final MemorySegment scratch = Arena.ofAuto().allocate(640, 8);
  private final long base = scratch.address();
  private final long txn;
  private volatile boolean tooOld;
  private final AtomicLong since = new AtomicLong(); // opaque: a renewal must not cost a fence
  private volatile @Nullable Thread holder;

  ReadTransaction(Environment environment, long env) {
    this.environment = environment;
    environment.check(NativeLmdb.txnBegin(env, NativeLmdb.RDONLY, base + OUT));
    txn = scratch.get(JAVA_LONG_UNALIGNED, OUT);
  }

  /** Begins its use by the calling thread, at a time in ms. */
  void held(long now) {
    holder = Thread.currentThread();
    heldSince(now);
  }

  /** Begins its use anew, at a time in ms. */
  void heldSince(long now) {
    since.setOpaque(now);
    if (tooOld) {
      tooOld = false;
    }
  }

  /** Tells the holder to go if it began before a time in ms; returns whether this was news. */
  boolean tellIfBefore(long oldest) {
    if (tooOld || since.getOpaque() >= oldest) {
      return false;
    }
    tooOld = true;
    return true;
  }

  OpenSnapshot describe(long now) {
    Thread thread = holder;
    long began = since.getOpaque();
    return new OpenSnapshot(
        thread == null ? "" : thread.toString(),
        Instant.ofEpochMilli(began),
        Duration.ofMillis(Math.max(0, now - began)),
        tooOld);
  }

  /** Ends its use; the next one may be another thread's. */
  void released() {
    holder = null;
  }

  /** Throws SNAPSHOT_TOO_OLD if the holder was told to go. */
  void requireYoung() {
    if (tooOld) {
      throw new StorageException(
          ErrorCode.SNAPSHOT_TOO_OLD,
          "this snapshot of "
              + environment.path
              + " was held for longer than "
              + environment.maxSnapshotAge
              + "; close it, or renew it and begin the scan again");
    }
  }

  void renew() {
    environment.check(NativeLmdb.txnRenew(txn));
  }

  void reset() {
    NativeLmdb.txnReset(txn);
  }

  void abort() {
    NativeLmdb.txnAbort(txn);
  }

  private void key(byte[] key, int length) {
    MemorySegment.copy(key, 0, scratch, JAVA_BYTE, KEY_BYTES, length);
    scratch.set(JAVA_LONG_UNALIGNED, 0, length);
    scratch.set(JAVA_LONG_UNALIGNED, 8, base + KEY_BYTES);
  }

  /**
   * Looks a key up; then {@link #dataAddress()} and {@link #dataLength()} say where the data
   * stands.
   */
  boolean get(int dbi, byte[] key, int length) {
    key(key, length);
    int code = NativeLmdb.get(txn, dbi, base, base + DATA);
    if (code == NativeLmdb.NOT_FOUND) {
      return false;
    }
    environment.check(code);
    return true;
  }

  long openCursor(int dbi) {
    environment.check(NativeLmdb.cursorOpen(txn, dbi, base + OUT));
    return scratch.get(JAVA_LONG_UNALIGNED, OUT);
  }

  /** Moves a cursor; false at the end. */
  boolean move(long cursor, int operation) {
    int code = NativeLmdb.cursorGet(cursor, base, base + DATA, operation);
    if (code == NativeLmdb.NOT_FOUND) {
      return false;
    }
    environment.check(code);
    return true;
  }

  /** Moves a cursor to the first key that is not below the given one; false if there is none. */
  boolean seek(long cursor, byte[] key, int length) {
    key(key, length);
    return move(cursor, NativeLmdb.SET_RANGE);
  }

  long dataAddress() {
    return scratch.get(JAVA_LONG_UNALIGNED, DATA + 8);
  }

  int dataLength() {
    return (int) scratch.get(JAVA_LONG_UNALIGNED, DATA);
  }

  int keyLength() {
    return (int) scratch.get(JAVA_LONG_UNALIGNED, 0);
  }

  /** Copies what the last call found; the array must be large enough. */
  void copyData(byte[] to, int at, int length) {
    MemorySegment.copy(NativeLmdb.MEMORY, JAVA_BYTE, dataAddress(), to, at, length);
  }

  void copyKey(byte[] to) {
    MemorySegment.copy(
        NativeLmdb.MEMORY, JAVA_BYTE, scratch.get(JAVA_LONG_UNALIGNED, 8), to, 0, keyLength());
  }

  /** Returns the number of keys in a sub-database. */
  long entries(int dbi) {
    environment.check(NativeLmdb.stat(txn, dbi, base + OUT));
    return scratch.get(JAVA_LONG_UNALIGNED, OUT + 32);
  }

  /**
   * Returns the tree's pages: leaf pages first, overflow pages second, depth third, branch pages
   * fourth.
   */
  long[] pages(int dbi) {
    environment.check(NativeLmdb.stat(txn, dbi, base + OUT));
    return new long[] {
      scratch.get(JAVA_LONG_UNALIGNED, OUT + 16),
      scratch.get(JAVA_LONG_UNALIGNED, OUT + 24),
      scratch.get(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, OUT + 4),
      scratch.get(JAVA_LONG_UNALIGNED, OUT + 8)
    };
  }
}
