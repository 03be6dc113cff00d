package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ReadTransaction;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.lmdb.TreeCursor;
import java.util.Arrays;

/**
 * Reads the stored pairs of one read transaction into buffers and checks them against their
 * checksums; allocates nothing. For one thread at a time, as its transaction.
 *
 * <p>Hot path: {@link #get}, and {@link #readRecord} for scans.
 */
public final class PairReader {
  private final Environment environment;
  private final ReadTransaction transaction;
  private final byte[] pieceKey = new byte[PieceKey.LENGTH];
  private final byte[] neighbourKey = new byte[RecordFormat.MAX_KEY];

  /** Reads what one read transaction sees. */
  public PairReader(ReadTransaction transaction) {
    this.environment = transaction.environment();
    this.transaction = transaction;
  }

  /**
   * Looks the first {@code keyLength} bytes of the array up as a key.
   *
   * @return whether the key is there; if so, {@code into} holds its value
   * @throws StorageException CORRUPT if the stored bytes do not match their checksum
   */
  public boolean get(byte[] key, int keyLength, PairBuffer into) {
    TreeCursor found = transaction.finder();
    if (!found.find(Tree.DATA, key, keyLength)) {
      requireAbsent(key, keyLength, found, into);
      return false;
    }
    readRecord(found, key, keyLength, into);
    readValue(key, keyLength, into);
    return true;
  }

  /**
   * Makes sure that a key is not there: a damaged page could hide it. The pages on the way must be
   * sound, and the records before and after its place must be what they were written as.
   */
  private void requireAbsent(byte[] key, int keyLength, TreeCursor place, PairBuffer scratch) {
    place.requirePath();
    requireSoundBefore(place, true, key, keyLength, scratch);
    TreeCursor neighbour = transaction.neighbour();
    neighbour.placeAt(place);
    if (neighbour.after()) {
      requireSound(neighbour, key, keyLength, false, scratch);
    }
  }

  /**
   * Checks the record before a place at which a key is not.
   *
   * @param beyond whether the cursor stands beyond the key; if not, it stands on the last record
   */
  public void requireSoundBefore(
      TreeCursor place, boolean beyond, byte[] key, int keyLength, PairBuffer scratch) {
    TreeCursor neighbour = transaction.neighbour();
    neighbour.placeAt(place);
    if (beyond ? neighbour.previous() : neighbour.last(Tree.DATA)) {
      requireSound(neighbour, key, keyLength, true, scratch);
    }
  }

  /** Checks the record of a neighbour, and that it stands before or after a key. */
  private void requireSound(
      TreeCursor neighbour, byte[] key, int keyLength, boolean before, PairBuffer scratch) {
    int length = neighbour.copyKey(neighbourKey);
    readRecord(neighbour, neighbourKey, length, scratch);
    int order = Arrays.compareUnsigned(neighbourKey, 0, length, key, 0, keyLength);
    if (before ? order >= 0 : order <= 0) {
      throw corrupt(neighbourKey, length, "it does not stand in the order of the keys");
    }
  }

  /** Copies and checks the record that a cursor stands on, but for a large value. */
  public void readRecord(TreeCursor cursor, byte[] key, int keyLength, PairBuffer into) {
    long length = cursor.dataLength();
    if (!RecordFormat.isLength(length)) {
      throw corrupt(key, keyLength, "its length is impossible");
    }
    cursor.copyData(into.record, 0, (int) length);
    String wrong = RecordFormat.decode(key, keyLength, into, (int) length);
    if (wrong != null) {
      throw corrupt(key, keyLength, wrong);
    }
  }

  /** Reads and checks the value of a record that was read, if it is large. */
  public void readValue(byte[] key, int keyLength, PairBuffer into) {
    if (!into.chunked) {
      return;
    }
    into.large = Bytes.atLeast(into.large, into.valueLength);
    PieceKey.put(into.sequence(), 0, pieceKey);
    TreeCursor chunk = transaction.neighbour();
    boolean found = chunk.find(Tree.CHUNKS, pieceKey, pieceKey.length);
    int at = 0;
    for (int index = 0; at < into.valueLength; index++) {
      int expected = Math.min(RecordFormat.PIECE, into.valueLength - at);
      if (!found || chunk.dataLength() != expected) {
        throw corrupt(key, keyLength, "chunk " + index + " of its value is missing or cut");
      }
      chunk.copyData(into.large, at, expected);
      at += expected;
      found = at < into.valueLength && chunk.next();
    }
    if (!RecordFormat.isValue(into)) {
      throw corrupt(key, keyLength, "the checksum of its value is wrong");
    }
  }

  private StorageException corrupt(byte[] key, int keyLength, String what) {
    return environment.errors.read(RecordFormat.damaged(key, keyLength, environment.path, what));
  }
}
