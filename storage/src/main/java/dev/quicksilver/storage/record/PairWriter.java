package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FreePages;
import dev.quicksilver.storage.lmdb.NativePuts;
import dev.quicksilver.storage.lmdb.NativePuts.Place;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import java.nio.ByteBuffer;
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

  private final Environment environment;
  private final Txn<ByteBuffer> txn;
  private final NativePuts puts;
  private final ByteBuffer keyBuffer = ByteBuffer.allocateDirect(RecordFormat.MAX_KEY);
  private final ByteBuffer chunkKey = ByteBuffer.allocateDirect(PieceKey.LENGTH);
  private final byte[] pieceKey = new byte[PieceKey.LENGTH];
  private final CRC32C crc = new CRC32C();
  private final byte[] largest = new byte[RecordFormat.MAX_KEY];
  private final DigestSum digest;
  private long count;
  private int changes;
  private long changedBytes;
  private boolean large;
  private final byte[] header = new byte[RecordFormat.MAX_HEADER];
  private final PairBuffer old = new PairBuffer();
  private int largestLength = UNKNOWN;

  /**
   * Begins.
   *
   * @param digest of the live pairs as they are
   * @param count how many there are
   */
  public PairWriter(
      Environment environment, Txn<ByteBuffer> txn, ContentDigest digest, long count) {
    this.environment = environment;
    this.txn = txn;
    this.puts = new NativePuts(environment, txn);
    this.digest = new DigestSum(digest);
    this.count = count;
  }

  /** Returns the digest of the live pairs as they are now; waits for what is being hashed. */
  public ContentDigest digest() {
    return digest.get();
  }

  /**
   * Computes no digest until {@link #digest(ContentDigest)} says what it is; nothing's till then.
   */
  public void withoutDigest() {
    digest.suspend();
  }

  /** Goes on with this digest. */
  public void digest(ContentDigest now) {
    digest.set(now);
  }

  /**
   * Returns the most bytes that LMDB may have taken for the pages that were changed here: a page
   * for each change and the values, which is far more than they are where changes are neighbours.
   */
  public long changedBytes() {
    return changedBytes;
  }

  /** Returns the number of live pairs. */
  public long count() {
    return count;
  }

  /** Gives the entry's key its value; its sequence must be above all that were used before. */
  public void set(Entry entry) {
    puts.endAppending();
    if (isAboveLargest(entry.key(), entry.keyLength())) {
      noteLargest(entry.key(), entry.keyLength());
      count++;
      put(entry, Place.LAST, Place.LAST);
    } else {
      if (!removeOld(entry.key(), entry.keyLength())) {
        count++;
      }
      put(entry, Place.ANYWHERE, Place.LAST);
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
    put(entry, Place.AT_CURSOR, Place.ANYWHERE);
  }

  private boolean isAboveLargest(byte[] key, int keyLength) {
    if (largestLength == UNKNOWN) {
      readLargest();
    }
    return Arrays.compareUnsigned(key, 0, keyLength, largest, 0, largestLength) > 0;
  }

  /** No key is empty, so that any is above one of no bytes. */
  private void readLargest() {
    try (Cursor<ByteBuffer> cursor = environment.data().openCursor(txn)) {
      largestLength = 0;
      if (cursor.last()) {
        largestLength = cursor.key().remaining();
        cursor.key().get(largest, 0, largestLength);
      }
    } catch (LmdbException e) {
      throw environment.failure(e);
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

  private void put(Entry entry, Place place, Place chunksPlace) {
    changedBytes += environment.pageSize + entry.valueLength();
    int length = RecordFormat.encode(entry, crc, header);
    int inline = entry.valueLength();
    if (!RecordFormat.isInline(inline)) {
      large = true;
      inline = 0;
      putChunks(entry, chunksPlace);
    }
    puts.reserve(Tree.DATA, entry.key(), entry.keyLength(), length + inline, place);
    puts.write(header, 0, length);
    puts.write(entry.value(), entry.valueOffset(), inline);
    digest.plus(
        entry.key(), entry.keyLength(), entry.value(), entry.valueOffset(), entry.valueLength());
  }

  private void putChunks(Entry entry, Place place) {
    int length = entry.valueLength();
    for (int at = 0, index = 0; at < length; index++) {
      int part = Math.min(RecordFormat.PIECE, length - at);
      PieceKey.put(entry.sequence(), index, pieceKey);
      puts.reserve(Tree.CHUNKS, pieceKey, PieceKey.LENGTH, part, place);
      puts.write(entry.value(), entry.valueOffset() + at, part);
      at += part;
    }
  }

  /** Takes a key's pair away, if there is one. */
  public void delete(byte[] key, int keyLength) {
    changedBytes += environment.pageSize;
    puts.endAppending();
    if (removeOld(key, keyLength)) {
      try {
        environment.data().delete(txn, keyBuffer);
        count--;
      } catch (LmdbException e) {
        throw environment.failure(e);
      }
    }
  }

  /** Takes all pairs away. */
  public void clear() {
    puts.endAppending();
    try {
      environment.data().drop(txn);
      environment.chunks().drop(txn);
    } catch (LmdbException e) {
      throw environment.failure(e);
    }
    digest.clear();
    count = 0;
    largestLength = 0;
  }

  /** Returns the key's value as of now in this transaction. */
  public byte @Nullable [] get(byte[] key) {
    RecordFormat.checkKey(key.length);
    return readOld(key, key.length) ? old.value() : null;
  }

  /** Takes the key's pair out of the digest and its chunks away; its record stays. */
  private boolean removeOld(byte[] key, int keyLength) {
    if (++changes == CHANGES_WORTH_GATHERING && !large) {
      FreePages.gather(environment, txn);
    }
    if (!readOld(key, keyLength)) {
      return false;
    }
    digest.minus(key, keyLength, old.valueBuffer(), old.valueOffset(), old.valueLength());
    long sequence = old.sequence();
    int chunks = old.chunks();
    try {
      for (int index = 0; index < chunks; index++) {
        environment.chunks().delete(txn, PieceKey.put(sequence, index, chunkKey));
      }
    } catch (LmdbException e) {
      throw environment.failure(e);
    }
    return true;
  }

  /**
   * Reads the key's record and value, both checked, into {@link #old}; leaves the key in {@link
   * #keyBuffer}. Returns whether it is there.
   */
  private boolean readOld(byte[] key, int keyLength) {
    keyBuffer.clear().put(key, 0, keyLength).flip();
    try {
      ByteBuffer found = environment.data().get(txn, keyBuffer);
      if (found == null) {
        return false;
      }
      int length = found.remaining();
      if (!RecordFormat.isLength(length)) {
        throw corrupt(key, keyLength, "its length is impossible");
      }
      found.get(old.record, 0, length);
      String wrong = RecordFormat.decode(key, keyLength, old, length);
      if (wrong != null) {
        throw corrupt(key, keyLength, wrong);
      }
      if (old.chunked) {
        readOldChunks(key, keyLength);
      }
      return true;
    } catch (LmdbException e) {
      throw environment.failure(e);
    }
  }

  private void readOldChunks(byte[] key, int keyLength) {
    long sequence = old.sequence();
    int length = old.valueLength;
    old.large = Bytes.atLeast(old.large, length);
    int at = 0;
    Dbi<ByteBuffer> chunks = environment.chunks();
    for (int index = 0; at < length; index++) {
      ByteBuffer chunk = chunks.get(txn, PieceKey.put(sequence, index, chunkKey));
      int expected = Math.min(RecordFormat.PIECE, length - at);
      if (chunk == null || chunk.remaining() != expected) {
        throw corrupt(key, keyLength, "chunk " + index + " of its value is missing or cut");
      }
      chunk.get(old.large, at, expected);
      at += expected;
    }
    if (!RecordFormat.isValue(old)) {
      throw corrupt(key, keyLength, "the checksum of its value is wrong");
    }
  }

  private StorageException corrupt(byte[] key, int keyLength, String what) {
    return RecordFormat.damaged(key, keyLength, environment.path, what);
  }
}
