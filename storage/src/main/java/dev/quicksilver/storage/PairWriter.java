package dev.quicksilver.storage;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Changes the live pairs inside one LMDB write transaction and keeps the content digest up to date.
 * For the thread of the transaction alone.
 */
final class PairWriter {
  private final Environment environment;
  private final Txn<ByteBuffer> txn;
  private final ByteBuffer keyBuffer = ByteBuffer.allocateDirect(RecordFormat.MAX_KEY);
  private final ByteBuffer chunkKey = ByteBuffer.allocateDirect(RecordFormat.PIECE_KEY);
  private final CRC32C crc = new CRC32C();
  private final Sha256 hash = new Sha256();
  private byte[] record = new byte[RecordFormat.PIECE];
  private byte[] old = new byte[256];
  private int oldLength;
  private ContentDigest digest;

  PairWriter(Environment environment, Txn<ByteBuffer> txn, ContentDigest digest) {
    this.environment = environment;
    this.txn = txn;
    this.digest = digest;
  }

  ContentDigest digest() {
    return digest;
  }

  void set(
      byte[] key, int keyLength, byte[] value, int valueLength, long sequence, long commitTime) {
    removeOld(key, keyLength);
    record[4] = 0;
    Bytes.putLong(record, 5, sequence);
    Bytes.putLong(record, 13, commitTime);
    int length;
    if (valueLength <= RecordFormat.MAX_INLINE) {
      System.arraycopy(value, 0, record, RecordFormat.HEADER, valueLength);
      length = RecordFormat.HEADER + valueLength;
    } else {
      record[4] = RecordFormat.FLAG_CHUNKED;
      Bytes.putInt(record, RecordFormat.HEADER, valueLength);
      crc.reset();
      crc.update(value, 0, valueLength);
      Bytes.putInt(record, RecordFormat.HEADER + 4, (int) crc.getValue());
      length = RecordFormat.CHUNKED_LENGTH;
      putChunks(value, valueLength, sequence);
    }
    Bytes.putInt(record, 0, RecordFormat.crc(crc, key, keyLength, record, length));
    try {
      environment.data.reserve(txn, keyBuffer, length).put(record, 0, length);
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
    digest = digest.plus(hash.pair(key, keyLength, value, valueLength));
  }

  private void putChunks(byte[] value, int valueLength, long sequence) {
    try {
      for (int at = 0, index = 0; at < valueLength; index++) {
        int part = Math.min(RecordFormat.PIECE, valueLength - at);
        environment.chunks.reserve(txn, chunkKey(sequence, index), part).put(value, at, part);
        at += part;
      }
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
  }

  private ByteBuffer chunkKey(long sequence, int index) {
    return chunkKey.clear().putLong(sequence).putInt(index).flip();
  }

  void delete(byte[] key, int keyLength) {
    if (removeOld(key, keyLength)) {
      try {
        environment.data.delete(txn, keyBuffer);
      } catch (LmdbException e) {
        throw LmdbErrors.of(e, environment.path);
      }
    }
  }

  void clear() {
    try {
      environment.data.drop(txn);
      environment.chunks.drop(txn);
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
    digest = ContentDigest.EMPTY;
  }

  /** Returns the key's value as of now in this transaction. */
  byte @Nullable [] get(byte[] key) {
    RecordFormat.checkKey(key.length);
    return readOld(key, key.length) == Old.ABSENT ? null : java.util.Arrays.copyOf(old, oldLength);
  }

  /** Takes the key's pair out of the digest and its chunks away; its record stays. */
  private boolean removeOld(byte[] key, int keyLength) {
    Old found = readOld(key, keyLength);
    if (found == Old.ABSENT) {
      return false;
    }
    digest = digest.minus(hash.pair(key, keyLength, old, oldLength));
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
            + Text.quote(java.util.Arrays.copyOf(key, keyLength))
            + " in "
            + environment.path
            + " is damaged; bootstrap this node again from a peer");
  }
}
