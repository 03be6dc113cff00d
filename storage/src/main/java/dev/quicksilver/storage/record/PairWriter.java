package dev.quicksilver.storage.record;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FreePages;
import dev.quicksilver.storage.lmdb.LmdbErrors;
import dev.quicksilver.storage.lmdb.LmdbjavaAccess;
import dev.quicksilver.storage.lmdb.NativeLmdb;
import dev.quicksilver.storage.lmdb.PageMap;
import dev.quicksilver.storage.lmdb.StorageException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Changes the live pairs inside one LMDB write transaction and keeps the content digest up to date.
 * For the thread of the transaction alone.
 */
public final class PairWriter {
  /**
   * A transaction with fewer changes writes too few pages to care where they stand; one with large
   * values has taken most of its pages by then.
   */
  private static final int CHANGES_WORTH_GATHERING = 32;

  private static final int UNKNOWN = -1;
  private static final int ANYWHERE = 0;

  /** Not a flag of LMDB's: appended with a cursor that stays at the end. */
  private static final int AT_CURSOR = -1;

  private static final int DATA = 16;
  private static final int KEY_BYTES = 32;
  private static final int CURSOR = 544;
  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BIG_ENDIAN_INT = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

  private final Environment environment;
  private final Txn<ByteBuffer> txn;
  // for puts: MDB_val of the key, MDB_val of the data, the key's bytes; a cursor's address
  private final MemorySegment scratch = Arena.ofAuto().allocate(CURSOR + Long.BYTES, 8);
  private final long address = scratch.address();
  private final long txnAddress;
  private final ByteBuffer keyBuffer = ByteBuffer.allocateDirect(RecordFormat.MAX_KEY);
  private final ByteBuffer chunkKey = ByteBuffer.allocateDirect(RecordFormat.PIECE_KEY);
  private final CRC32C crc = new CRC32C();
  private final byte[] largest = new byte[RecordFormat.MAX_KEY];
  private final DigestSum digest;
  private long count;
  private int changes;
  private boolean large;
  private byte[] record = new byte[RecordFormat.PIECE];
  private byte[] old = new byte[256];
  private int oldLength;
  private int largestLength = UNKNOWN;

  /** Stands at the last pair while nothing but appending happens; 0 if there is none. */
  private long cursor;

  public PairWriter(
      Environment environment, Txn<ByteBuffer> txn, ContentDigest digest, long count) {
    this.environment = environment;
    this.txn = txn;
    this.txnAddress = LmdbjavaAccess.address(txn);
    scratch.set(JAVA_LONG, 8, address + KEY_BYTES);
    this.digest = new DigestSum(digest);
    this.count = count;
  }

  public ContentDigest digest() {
    return digest.get();
  }

  /**
   * Computes no digest until {@link #digest(ContentDigest)} says what it is; nothing's till then.
   */
  public void withoutDigest() {
    digest.keepNot();
  }

  /** Goes on with this digest. */
  public void digest(ContentDigest now) {
    digest.set(now);
  }

  /** Returns the number of live pairs. */
  public long count() {
    return count;
  }

  /** Gives the entry's key its value; its sequence must be above all that were used before. */
  public void set(Entry entry) {
    closeCursor();
    if (isAboveLargest(entry.key(), entry.keyLength())) {
      noteLargest(entry.key(), entry.keyLength());
      count++;
      put(entry, NativeLmdb.APPEND, NativeLmdb.APPEND);
    } else {
      if (!removeOld(entry.key(), entry.keyLength())) {
        count++;
      }
      put(entry, ANYWHERE, NativeLmdb.APPEND);
    }
  }

  /**
   * Adds a pair whose key is above all others; its sequence is unlike theirs, but may be lower.
   *
   * @throws StorageException INVALID_ARGUMENT if the key is not above all others
   */
  public void append(Entry entry) {
    if (!isAboveLargest(entry.key(), entry.keyLength())) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "key "
              + Text.quote(entry.keyBytes())
              + " comes after "
              + Text.quote(Arrays.copyOf(largest, largestLength))
              + "; each key must be above the one before, in unsigned byte order");
    }
    noteLargest(entry.key(), entry.keyLength());
    count++;
    put(entry, AT_CURSOR, ANYWHERE);
  }

  private boolean isAboveLargest(byte[] key, int keyLength) {
    if (largestLength == UNKNOWN) {
      readLargest();
    }
    return Arrays.compareUnsigned(key, 0, keyLength, largest, 0, largestLength) > 0;
  }

  /** No key is empty, so that any is above one of no bytes. */
  private void readLargest() {
    try (Cursor<ByteBuffer> cursor = environment.data.openCursor(txn)) {
      largestLength = 0;
      if (cursor.last()) {
        largestLength = cursor.key().remaining();
        cursor.key().get(largest, 0, largestLength);
      }
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
  }

  /** Returns the largest key that this session has appended. */
  public byte[] largest() {
    return Arrays.copyOf(largest, largestLength);
  }

  /** Stays as it is when the key is deleted: then it is above the largest, which does no harm. */
  private void noteLargest(byte[] key, int keyLength) {
    System.arraycopy(key, 0, largest, 0, keyLength);
    largestLength = keyLength;
  }

  private void put(Entry entry, int where, int chunksWhere) {
    byte[] key = entry.key();
    int keyLength = entry.keyLength();
    byte[] value = entry.value();
    int valueOffset = entry.valueOffset();
    int valueLength = entry.valueLength();
    record[4] = 0;
    Bytes.putLong(record, 5, entry.sequence());
    Bytes.putLong(record, 13, entry.commitTime());
    int header = RecordFormat.HEADER;
    int inline = valueLength;
    if (valueLength > RecordFormat.MAX_INLINE) {
      large = true;
      record[4] = RecordFormat.FLAG_CHUNKED;
      Bytes.putInt(record, header, valueLength);
      crc.reset();
      crc.update(value, valueOffset, valueLength);
      Bytes.putInt(record, header + 4, (int) crc.getValue());
      header = RecordFormat.CHUNKED_LENGTH;
      inline = 0;
      putChunks(entry, chunksWhere);
    }
    crc.reset();
    crc.update(key, 0, keyLength);
    crc.update(record, 4, header - 4);
    crc.update(value, valueOffset, inline);
    Bytes.putInt(record, 0, (int) crc.getValue());
    MemorySegment.copy(key, 0, scratch, JAVA_BYTE, KEY_BYTES, keyLength);
    long to = reserve(environment.dataHandle, keyLength, header + inline, where);
    MemorySegment.copy(record, 0, PageMap.MEMORY, JAVA_BYTE, to, header);
    MemorySegment.copy(value, valueOffset, PageMap.MEMORY, JAVA_BYTE, to + header, inline);
    digest.plus(key, keyLength, value, valueOffset, valueLength);
  }

  private void putChunks(Entry entry, int where) {
    int length = entry.valueLength();
    for (int at = 0, index = 0; at < length; index++) {
      int part = Math.min(RecordFormat.PIECE, length - at);
      scratch.set(BIG_ENDIAN_LONG, KEY_BYTES, entry.sequence());
      scratch.set(BIG_ENDIAN_INT, KEY_BYTES + 8, index);
      long to = reserve(environment.chunksHandle, RecordFormat.PIECE_KEY, part, where);
      MemorySegment.copy(
          entry.value(), entry.valueOffset() + at, PageMap.MEMORY, JAVA_BYTE, to, part);
      at += part;
    }
  }

  /**
   * Makes room for data under the key that stands in the scratch memory and returns its address,
   * which is good until the next change: so the bytes are copied once, from the heap to the page.
   */
  private long reserve(int dbi, int keyLength, int length, int where) {
    scratch.set(JAVA_LONG, 0, keyLength);
    scratch.set(JAVA_LONG, DATA, length);
    environment.check(
        where == AT_CURSOR
            ? NativeLmdb.cursorPut(
                cursor(dbi), address, address + DATA, NativeLmdb.RESERVE | NativeLmdb.APPEND)
            : NativeLmdb.put(txnAddress, dbi, address, address + DATA, NativeLmdb.RESERVE | where));
    return scratch.get(JAVA_LONG, DATA + 8);
  }

  /**
   * To append without a cursor means to look for the last page from the root each time; a cursor
   * that already stands there does not. (Without MDB_APPEND, LMDB would split the last page in two
   * halves and leave both as they are: half a file of air where few values fit a page.)
   */
  private long cursor(int dbi) {
    if (cursor == 0) {
      environment.check(NativeLmdb.cursorOpen(txnAddress, dbi, address + CURSOR));
      cursor = scratch.get(JAVA_LONG, CURSOR);
    }
    return cursor;
  }

  private void closeCursor() {
    if (cursor != 0) {
      NativeLmdb.cursorClose(cursor);
      cursor = 0;
    }
  }

  private ByteBuffer chunkKey(long sequence, int index) {
    return chunkKey.clear().putLong(sequence).putInt(index).flip();
  }

  public void delete(byte[] key, int keyLength) {
    closeCursor();
    if (removeOld(key, keyLength)) {
      try {
        environment.data.delete(txn, keyBuffer);
        count--;
      } catch (LmdbException e) {
        throw LmdbErrors.of(e, environment.path);
      }
    }
  }

  public void clear() {
    closeCursor();
    try {
      environment.data.drop(txn);
      environment.chunks.drop(txn);
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
    digest.clear();
    count = 0;
    largestLength = 0;
  }

  /** Returns the key's value as of now in this transaction. */
  public byte @Nullable [] get(byte[] key) {
    RecordFormat.checkKey(key.length);
    return readOld(key, key.length) == Old.ABSENT ? null : Arrays.copyOf(old, oldLength);
  }

  /** Takes the key's pair out of the digest and its chunks away; its record stays. */
  private boolean removeOld(byte[] key, int keyLength) {
    if (++changes == CHANGES_WORTH_GATHERING && !large) {
      FreePages.gather(environment, txn);
    }
    Old found = readOld(key, keyLength);
    if (found == Old.ABSENT) {
      return false;
    }
    digest.minus(key, keyLength, old, oldLength);
    if (found == Old.CHUNKED) {
      long sequence = Bytes.getLong(record, 5);
      try {
        for (int index = 0; index < RecordFormat.chunks(oldLength); index++) {
          environment.chunks.delete(txn, chunkKey(sequence, index));
        }
      } catch (LmdbException e) {
        throw LmdbErrors.of(e, environment.path);
      }
    }
    return true;
  }

  private enum Old {
    ABSENT,
    INLINE,
    CHUNKED
  }

  /** Reads the key's record and value, both checked; leaves the key in {@link #keyBuffer}. */
  private Old readOld(byte[] key, int keyLength) {
    keyBuffer.clear().put(key, 0, keyLength).flip();
    try {
      ByteBuffer found = environment.data.get(txn, keyBuffer);
      if (found == null) {
        return Old.ABSENT;
      }
      int length = found.remaining();
      if (length < RecordFormat.HEADER || length > RecordFormat.PIECE) {
        throw corrupt(key, keyLength);
      }
      found.get(record, 0, length);
      if (RecordFormat.crc(crc, key, keyLength, record, length) != Bytes.getInt(record, 0)) {
        throw corrupt(key, keyLength);
      }
      if ((record[4] & RecordFormat.FLAG_CHUNKED) == 0) {
        oldLength = length - RecordFormat.HEADER;
        old = Bytes.atLeast(old, oldLength);
        System.arraycopy(record, RecordFormat.HEADER, old, 0, oldLength);
        return Old.INLINE;
      }
      readOldChunks(key, keyLength);
      return Old.CHUNKED;
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
  }

  private void readOldChunks(byte[] key, int keyLength) {
    long sequence = Bytes.getLong(record, 5);
    oldLength = Bytes.getInt(record, RecordFormat.HEADER);
    old = Bytes.atLeast(old, oldLength);
    int at = 0;
    Dbi<ByteBuffer> chunks = environment.chunks;
    for (int index = 0; at < oldLength; index++) {
      ByteBuffer chunk = chunks.get(txn, chunkKey(sequence, index));
      int expected = Math.min(RecordFormat.PIECE, oldLength - at);
      if (chunk == null || chunk.remaining() != expected) {
        throw corrupt(key, keyLength);
      }
      chunk.get(old, at, expected);
      at += expected;
    }
    crc.reset();
    crc.update(old, 0, oldLength);
    if ((int) crc.getValue() != Bytes.getInt(record, RecordFormat.HEADER + 4)) {
      throw corrupt(key, keyLength);
    }
  }

  private StorageException corrupt(byte[] key, int keyLength) {
    return new StorageException(
        ErrorCode.CORRUPT,
        "the record of key "
            + Text.quote(Arrays.copyOf(key, keyLength))
            + " in "
            + environment.path
            + " is damaged; copy this database anew from another node");
  }
}
