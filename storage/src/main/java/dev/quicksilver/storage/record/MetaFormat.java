package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The three records of the {@code meta} sub-database, format version 1:
 *
 * <pre>
 * "format"    "QUICKSILVER" ‖ version u16
 * "identity"  id 16 ‖ 3 × (length u16 ‖ UTF-8): name, key type, value type ‖ CRC-32C
 * "head"      last sequence u64 ‖ chain hash 32 ‖ content digest 16 ‖ system id u64 ‖ timeline u32 ‖ LSN u64
 *             ‖ commit time i64 ‖ oldest sequence u64 ‖ live pairs u64 ‖ CRC-32C of all before
 * </pre>
 */
public final class MetaFormat {
  static final int VERSION = 1;

  /** The keys of its records; they are not to be changed. */
  public static final byte[] FORMAT_KEY = Environment.FORMAT_KEY;

  public static final byte[] IDENTITY_KEY = ascii("identity");
  public static final byte[] HEAD_KEY = ascii("head");
  public static final byte[] COPY_KEY = ascii("copy");

  /** Bytes of a head record. */
  public static final int HEAD_LENGTH = 104;

  private static final byte[] MAGIC = ascii("QUICKSILVER");

  private MetaFormat() {}

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns the record that says whose format this is, and which version of it. */
  public static byte[] encodeFormat() {
    return ByteBuffer.allocate(MAGIC.length + 2).put(MAGIC).putShort((short) VERSION).array();
  }

  /** Refuses a foreign or newer environment with WRONG_FORMAT. */
  public static void checkFormat(byte[] stored, Object where) {
    if (stored.length != MAGIC.length + 2
        || !java.util.Arrays.equals(stored, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new StorageException(
          ErrorCode.WRONG_FORMAT, where + " is an LMDB environment, but not one of Quicksilver");
    }
    int version = Bytes.getShort(stored, MAGIC.length);
    if (version != VERSION) {
      throw new StorageException(
          ErrorCode.WRONG_FORMAT,
          where
              + " has format version "
              + version
              + ", this program knows "
              + VERSION
              + "; start a program of the version that wrote it, or bootstrap the node again");
    }
  }

  /** Returns the record of an identity. */
  public static byte[] encodeIdentity(DatabaseIdentity identity) {
    byte[][] texts = {
      identity.name().getBytes(StandardCharsets.UTF_8),
      identity.keyType().getBytes(StandardCharsets.UTF_8),
      identity.valueType().getBytes(StandardCharsets.UTF_8)
    };
    int length = 16 + 4;
    for (byte[] text : texts) {
      length += 2 + text.length;
    }
    ByteBuffer to = ByteBuffer.allocate(length);
    to.putLong(identity.id().getMostSignificantBits());
    to.putLong(identity.id().getLeastSignificantBits());
    for (byte[] text : texts) {
      to.putShort((short) text.length).put(text);
    }
    return to.putInt(crc(to.array(), length - 4)).array();
  }

  /**
   * Reads the record of an identity.
   *
   * @param where names the environment in the message
   * @throws StorageException CORRUPT
   */
  public static DatabaseIdentity decodeIdentity(byte[] stored, Object where) {
    checkCrc(stored, where, "identity");
    ByteBuffer from = ByteBuffer.wrap(stored, 0, stored.length - 4);
    try {
      UUID id = new UUID(from.getLong(), from.getLong());
      return new DatabaseIdentity(id, text(from), text(from), text(from));
    } catch (BufferUnderflowException e) {
      throw new StorageException(
          ErrorCode.CORRUPT, "the identity record of " + where + " is cut short", e);
    }
  }

  private static String text(ByteBuffer from) {
    byte[] bytes = new byte[Short.toUnsignedInt(from.getShort())];
    from.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Writes the record of a head, and of how many live pairs there are, into its bytes. */
  public static void encodeHead(Head head, long pairs, byte[] to) {
    Bytes.putLong(to, 0, head.lastSequence());
    head.chainHash().copyTo(to, 8);
    Bytes.putLong(to, 40, head.contentDigest().high());
    Bytes.putLong(to, 48, head.contentDigest().low());
    Bytes.putLong(to, 56, head.position().systemId());
    Bytes.putInt(to, 64, head.position().timeline());
    Bytes.putLong(to, 68, head.position().lsn());
    Bytes.putLong(to, 76, head.commitTime());
    Bytes.putLong(to, 84, head.oldestSequence());
    Bytes.putLong(to, 92, pairs);
    Bytes.putInt(to, 100, crc(to, 100));
  }

  /**
   * Reads the record of a head.
   *
   * @param where names the environment in the message
   * @throws StorageException CORRUPT
   */
  public static Head decodeHead(byte[] from, Object where) {
    checkCrc(from, where, "head");
    if (from.length != HEAD_LENGTH) {
      throw new StorageException(
          ErrorCode.CORRUPT, "the head record of " + where + " has " + from.length + " bytes");
    }
    return new Head(
        Bytes.getLong(from, 0),
        ChainHash.of(from, 8),
        new ContentDigest(Bytes.getLong(from, 40), Bytes.getLong(from, 48)),
        new Position(Bytes.getLong(from, 56), Bytes.getInt(from, 64), Bytes.getLong(from, 68)),
        Bytes.getLong(from, 76),
        Bytes.getLong(from, 84));
  }

  /** Returns the number of live pairs that a head record, which was decoded before, tells of. */
  public static long pairs(byte[] head) {
    return Bytes.getLong(head, 92);
  }

  private static void checkCrc(byte[] stored, Object where, String record) {
    if (stored.length < 5
        || Bytes.getInt(stored, stored.length - 4) != crc(stored, stored.length - 4)) {
      throw new StorageException(
          ErrorCode.CORRUPT,
          "the "
              + record
              + " record of "
              + where
              + " does not match its checksum;"
              + " copy this database anew from another node");
    }
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
