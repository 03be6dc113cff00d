package dev.quicksilver.loader;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quicksilver.loader.read.Digests;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * The keys of a load up to now: a table of 80 bits of their SHA-256 and the number of their record,
 * in a mapped temporary file, so that a hundred million of them take no heap. Two keys that are
 * taken for the same: once in 10^8 loads of 10^8 keys. For one thread at a time.
 */
final class SeenKeys implements Closeable {
  private static final int SLOT = 16;
  private static final long RECORD_MASK = (1L << 48) - 1;
  private static final long FIRST_CAPACITY = 1 << 16;

  private final Path directory;
  private final MessageDigest sha256 = Digests.sha256();
  private Table table;
  private long size;

  SeenKeys(Path directory) throws IOException {
    this.directory = directory;
    table = new Table(directory, FIRST_CAPACITY);
  }

  /**
   * Adds a key, unless it is there.
   *
   * @param record the number of its record, 1 or more
   * @return 0, or the number of the record that it had first
   */
  long add(byte[] key, long record) throws IOException {
    if (size >= table.capacity / 3 * 2) {
      grow();
    }
    byte[] hash = sha256.digest(key);
    long there = table.put(longOf(hash, 0), low(hash) | record);
    if (there == 0) {
      size++;
    }
    return there & RECORD_MASK;
  }

  /** Whether a key was added. */
  boolean contains(byte[] key) {
    byte[] hash = sha256.digest(key);
    return table.find(longOf(hash, 0), low(hash)) != 0;
  }

  /** How many keys were added. */
  long size() {
    return size;
  }

  private static long low(byte[] hash) {
    return longOf(hash, 8) & ~RECORD_MASK;
  }

  private static long longOf(byte[] bytes, int from) {
    long number = 0;
    for (int i = from; i < from + 8; i++) {
      number = (number << 8) | (bytes[i] & 0xff);
    }
    return number;
  }

  private void grow() throws IOException {
    Table larger = new Table(directory, 2 * table.capacity);
    table.copyTo(larger);
    table.close();
    table = larger;
  }

  @Override
  public void close() {
    table.close();
  }

  /** Open addressing; a slot whose record is 0 is free. */
  private static final class Table {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment slots;
    private final long capacity;

    Table(Path directory, long capacity) throws IOException {
      this.capacity = capacity;
      long bytes = capacity * SLOT;
      Path file = Files.createTempFile(directory, "quicksilver-load-", ".keys");
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        if (Files.getFileStore(directory).getUsableSpace() < bytes) {
          throw new IOException(
              "there is no room for the keys of this load in "
                  + directory
                  + ": "
                  + (bytes >> 20)
                  + " MiB are needed (-Djava.io.tmpdir names another folder)");
        }
        slots = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      }
    }

    /** Puts a hash, unless it is there; returns what was there, or 0. */
    long put(long high, long lowAndRecord) {
      long at = slot(high, lowAndRecord & ~RECORD_MASK);
      long there = slots.get(JAVA_LONG_UNALIGNED, at + 8);
      if ((there & RECORD_MASK) == 0) {
        slots.set(JAVA_LONG_UNALIGNED, at, high);
        slots.set(JAVA_LONG_UNALIGNED, at + 8, lowAndRecord);
        return 0;
      }
      return there;
    }

    /** Returns what is there of a hash: with its record's number, or 0. */
    long find(long high, long low) {
      long there = slots.get(JAVA_LONG_UNALIGNED, slot(high, low) + 8);
      return (there & RECORD_MASK) == 0 ? 0 : there;
    }

    /** Where the slot of a hash begins, or the free one that would be its. */
    private long slot(long high, long low) {
      for (long at = (high >>> 1) % capacity; ; at = at + 1 == capacity ? 0 : at + 1) {
        long there = slots.get(JAVA_LONG_UNALIGNED, at * SLOT + 8);
        boolean same =
            (there & ~RECORD_MASK) == low && slots.get(JAVA_LONG_UNALIGNED, at * SLOT) == high;
        if (same || (there & RECORD_MASK) == 0) {
          return at * SLOT;
        }
      }
    }

    void copyTo(Table larger) {
      for (long at = 0; at < capacity; at++) {
        long low = slots.get(JAVA_LONG_UNALIGNED, at * SLOT + 8);
        if ((low & RECORD_MASK) != 0) {
          larger.put(slots.get(JAVA_LONG_UNALIGNED, at * SLOT), low);
        }
      }
    }

    void close() {
      arena.close();
    }
  }
}
