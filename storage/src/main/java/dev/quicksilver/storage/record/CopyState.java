package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How much of its content an environment holds while it is being made, in the record {@code copy}
 * of {@code meta}. A finished environment has no such record.
 *
 * <pre>
 * 0  version (1)     u8
 * 1  kind            u8    1 copy of another database, 2 load of sorted pairs
 * 2  flags           u8    1 there is a bound, 2 complete
 * 3  length of the bound u16 ‖ bound ‖ CRC-32C of all before
 * </pre>
 *
 * @param bound all pairs with keys up to this one are here, none above it; null while there is none
 * @param complete all pairs are here
 */
public record CopyState(Kind kind, byte @Nullable [] bound, boolean complete) {
  /** Every pair is there and has been verified: a database as any other. */
  public static final CopyState FINISHED = new CopyState(Kind.COPY, null, true);

  private static final int VERSION = 1;
  private static final int BOUND = 1;
  private static final int COMPLETE = 2;
  private static final int FIXED = 5;

  /** What the environment is being made from. */
  public enum Kind {
    COPY(1),
    LOAD(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  /** Returns that of an environment that holds nothing yet. */
  public static CopyState start(Kind kind) {
    return new CopyState(kind, null, false);
  }

  /** Returns that of one that holds all up to a key. */
  public CopyState upTo(byte[] key) {
    return new CopyState(kind, key, false);
  }

  /** Returns that of one that holds all. */
  public CopyState completed() {
    return new CopyState(kind, null, true);
  }

  /** Says whether a key belongs to the part that is here. */
  public boolean holds(byte[] key, int keyLength) {
    return complete
        || (bound != null
            && Arrays.compareUnsigned(key, 0, keyLength, bound, 0, bound.length) <= 0);
  }

  /** Returns the bytes of the record. */
  public byte[] encode() {
    byte[] key = bound == null ? Bytes.EMPTY : bound;
    byte[] to = new byte[FIXED + key.length + 4];
    to[0] = VERSION;
    to[1] = (byte) kind.code;
    to[2] = (byte) ((bound == null ? 0 : BOUND) | (complete ? COMPLETE : 0));
    Bytes.putShort(to, 3, key.length);
    System.arraycopy(key, 0, to, FIXED, key.length);
    Bytes.putInt(to, FIXED + key.length, crc(to));
    return to;
  }

  /**
   * Reads a record.
   *
   * @param where names the environment in the message
   * @throws StorageException CORRUPT
   */
  public static CopyState decode(byte[] from, Object where) {
    if (from.length < FIXED + 4
        || from[0] != VERSION
        || (from[1] != Kind.COPY.code && from[1] != Kind.LOAD.code)
        || Bytes.getShort(from, 3) != from.length - FIXED - 4
        || Bytes.getInt(from, from.length - 4) != crc(from)) {
      throw new StorageException(
          ErrorCode.CORRUPT, "the copy record of " + where + " is damaged; remove the folder");
    }
    byte[] key = (from[2] & BOUND) == 0 ? null : Arrays.copyOfRange(from, FIXED, from.length - 4);
    return new CopyState(
        from[1] == Kind.COPY.code ? Kind.COPY : Kind.LOAD, key, (from[2] & COMPLETE) != 0);
  }

  private static int crc(byte[] record) {
    CRC32C crc = new CRC32C();
    crc.update(record, 0, record.length - 4);
    return (int) crc.getValue();
  }
}
