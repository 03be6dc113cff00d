package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.lmdbjava.Txn;

/**
 * Puts records into the trees of one write transaction: LMDB makes room for the data, and its bytes
 * are copied there once, from the heap to the page. Allocates nothing for a record. For the thread
 * of the transaction alone.
 */
public final class NativePuts {
  /** Where a record goes. */
  public enum Place {
    /** Wherever its key belongs; a record that has the key is replaced. */
    ANYWHERE(0),
    /** After all others, to which its key must be above. */
    LAST(NativeLmdb.APPEND),
    /**
     * The same, by a cursor that stays there: for one tree, record after record, until {@link
     * #endAppending}.
     */
    AT_CURSOR(NativeLmdb.APPEND);

    private final int flags;

    Place(int flags) {
      this.flags = NativeLmdb.RESERVE | flags;
    }
  }

  // MDB_val of the key, MDB_val of the data, the key's bytes; a cursor's address
  private static final int DATA = 16;
  private static final int KEY_BYTES = 32;
  private static final int CURSOR = 544;

  private final Environment environment;
  private final MemorySegment scratch = Arena.ofAuto().allocate(CURSOR + Long.BYTES, 8);
  private final long address = scratch.address();
  private final long txn;
  private final int[] handles = new int[Tree.COUNT];

  /** Stands at the last record while nothing but appending happens; 0 if there is none. */
  private long cursor;

  private long to;

  /** Takes a write transaction of the environment. */
  public NativePuts(Environment environment, Txn<ByteBuffer> txn) {
    this.environment = environment;
    this.txn = LmdbjavaAccess.address(txn);
    for (Tree tree : Tree.values()) {
      handles[tree.index] = environment.writing().handle(tree);
    }
    scratch.set(JAVA_LONG, 8, address + KEY_BYTES);
  }

  /**
   * Makes room for a record; {@link #write} fills it, all of it, before any other change.
   *
   * @param key begins with the record's key of 1 to {@link PageMap#MAX_KEY} bytes
   * @throws StorageException what LMDB says against it
   */
  public void reserve(Tree tree, byte[] key, int keyLength, int dataLength, Place place) {
    MemorySegment.copy(key, 0, scratch, JAVA_BYTE, KEY_BYTES, keyLength);
    scratch.set(JAVA_LONG, 0, keyLength);
    scratch.set(JAVA_LONG, DATA, dataLength);
    int dbi = handles[tree.index];
    environment.check(
        place == Place.AT_CURSOR
            ? NativeLmdb.cursorPut(cursor(dbi), address, address + DATA, place.flags)
            : NativeLmdb.put(txn, dbi, address, address + DATA, place.flags));
    to = scratch.get(JAVA_LONG, DATA + 8);
  }

  /** Writes the next bytes of the data that room was made for. */
  public void write(byte[] from, int offset, int length) {
    MemorySegment.copy(from, offset, PageMap.MEMORY, JAVA_BYTE, to, length);
    to += length;
  }

  /**
   * To append without a cursor means to look for the last page from the root each time; a cursor
   * that already stands there does not. (Without MDB_APPEND, LMDB would split the last page in two
   * halves and leave both as they are: half a file of air where few values fit a page.)
   */
  private long cursor(int dbi) {
    if (cursor == 0) {
      environment.check(NativeLmdb.cursorOpen(txn, dbi, address + CURSOR));
      cursor = scratch.get(JAVA_LONG, CURSOR);
    }
    return cursor;
  }

  /** Gives the cursor back, before any other change than by {@link Place#AT_CURSOR}. */
  public void endAppending() {
    if (cursor != 0) {
      NativeLmdb.cursorClose(cursor);
      cursor = 0;
    }
  }
}
