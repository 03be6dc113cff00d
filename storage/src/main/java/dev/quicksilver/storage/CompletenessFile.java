package dev.quicksilver.storage;

import dev.quicksilver.storage.Completeness.Point;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.LmdbErrors;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a node's {@link Completeness} in two files of its data directory, {@code complete.0} and
 * {@code complete.1}, written in turn and in place: one {@code fdatasync} makes it durable, and a
 * torn one leaves the other. Big-endian:
 *
 * <pre>
 * magic "QSCMPLT1" 8 ‖ number u64 (the higher one counts) ‖ system id u64 ‖ timeline u32 ‖ LSN u64
 * ‖ count u32 ‖ count × (database id 16 ‖ sequence u64 ‖ chain hash 32) ‖ CRC-32C u32 of all before
 * </pre>
 *
 * What follows the checksum is left from a longer one. Not thread-safe.
 */
final class CompletenessFile implements AutoCloseable {
  private static final long MAGIC = 0x5153434D504C5431L; // QSCMPLT1
  private static final int HEAD = 40;
  private static final int EACH = 16 + Long.BYTES + ChainHash.LENGTH;

  private final Path dataDirectory;
  private final @Nullable FileChannel[] channels = new FileChannel[2];
  private long number;

  CompletenessFile(Path dataDirectory) {
    this.dataDirectory = dataDirectory;
  }

  private record Numbered(long number, Completeness completeness) {}

  /**
   * Reads the newest; empty if none was ever written, or neither is whole.
   *
   * @throws StorageException IO
   */
  Optional<Completeness> read() {
    try {
      Optional<Numbered> newest = Optional.empty();
      boolean damaged = false;
      for (int i = 0; i < 2; i++) {
        byte[] bytes;
        try {
          bytes = Files.readAllBytes(file(i));
        } catch (NoSuchFileException e) {
          continue;
        }
        Optional<Numbered> found = decode(bytes);
        damaged |= found.isEmpty();
        if (found.isPresent()
            && (newest.isEmpty() || found.get().number() > newest.get().number())) {
          newest = found;
        }
      }
      // The first one that was ever written may be torn: then nobody has relied on it.
      number = newest.map(Numbered::number).orElse(damaged ? 1L : 0L);
      return newest.map(Numbered::completeness);
    } catch (IOException e) {
      throw failed("read", e);
    }
  }

  /** Writes one that holds from now on, durably. */
  void write(Completeness completeness) {
    try {
      // What fails is written again to the same file: the other one is the last that holds.
      int at = (int) (number + 1 & 1);
      byte[] bytes = encode(number + 1, completeness);
      FileChannel channel = channels[at];
      if (channel == null) {
        channel = FileChannel.open(file(at), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channels[at] = channel;
        Durable.syncFolder(dataDirectory);
      }
      ByteBuffer from = ByteBuffer.wrap(bytes);
      while (from.hasRemaining()) {
        channel.write(from, from.position());
      }
      channel.force(false);
      number++;
    } catch (IOException e) {
      throw failed("write", e);
    }
  }

  /** Removes what was written, durably. */
  void delete() {
    close();
    Arrays.fill(channels, null);
    try {
      Files.deleteIfExists(file(0));
      Files.deleteIfExists(file(1));
      Durable.syncFolder(dataDirectory);
      number = 0;
    } catch (IOException e) {
      throw failed("forget", e);
    }
  }

  private Path file(int number) {
    return dataDirectory.resolve("complete." + number);
  }

  static byte[] encode(long number, Completeness completeness) {
    int length = HEAD + EACH * completeness.databases().size();
    ByteBuffer to = ByteBuffer.allocate(length + Integer.BYTES);
    Position position = completeness.position();
    to.putLong(MAGIC).putLong(number);
    to.putLong(position.systemId()).putInt(position.timeline()).putLong(position.lsn());
    to.putInt(completeness.databases().size());
    completeness
        .databases()
        .forEach(
            (id, point) ->
                to.putLong(id.getMostSignificantBits())
                    .putLong(id.getLeastSignificantBits())
                    .putLong(point.sequence())
                    .put(point.chainHash().toBytes()));
    return to.putInt(crc(to.array(), length)).array();
  }

  private static Optional<Numbered> decode(byte[] bytes) {
    if (bytes.length < HEAD + Integer.BYTES) {
      return Optional.empty();
    }
    ByteBuffer from = ByteBuffer.wrap(bytes);
    if (from.getLong() != MAGIC) {
      return Optional.empty();
    }
    long number = from.getLong();
    Position position = new Position(from.getLong(), from.getInt(), from.getLong());
    int count = from.getInt();
    long length = HEAD + (long) EACH * count;
    if (count < 0
        || bytes.length < length + Integer.BYTES
        || crc(bytes, (int) length) != Bytes.getInt(bytes, (int) length)) {
      return Optional.empty();
    }
    Map<UUID, Point> databases = new HashMap<>();
    for (int i = 0; i < count; i++) {
      UUID id = new UUID(from.getLong(), from.getLong());
      long sequence = from.getLong();
      ChainHash hash = ChainHash.of(bytes, from.position());
      from.position(from.position() + ChainHash.LENGTH);
      databases.put(id, new Point(sequence, hash));
    }
    return Optional.of(new Numbered(number, new Completeness(position, databases)));
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private StorageException failed(String verb, IOException e) {
    return new StorageException(
        LmdbErrors.isFull(dataDirectory) ? ErrorCode.NO_SPACE : ErrorCode.IO,
        "could not " + verb + " how complete the copies in " + dataDirectory + " are: " + e,
        e);
  }

  @Override
  public void close() {
    for (FileChannel channel : channels) {
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException e) {
          throw failed("close", e);
        }
      }
    }
  }
}
