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
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a load up to now: a table of 80 bits of their SHA-256 and the number of their record,
 * in a mapped temporary file, so that a hundred million of them take no heap. Two keys that are
 * taken for the same: once in 10^8 loads of 10^8 keys. For one thread at a time.
 *
 * <p>As long as each key is greater than the one before, as in a file that is sorted, it is new if
 * it is not that one. The table is filled from its beginning to its end then, which costs a tenth
 * of filling it where the hashes say: memory that no cache has. The first key that is smaller sorts
 * all of it by hash.
 */
final class SeenKeys implements Closeable {
  private static final int SLOT = 16;
  private static final long RECORD_MASK = (1L << 48) - 1;
  private static final long FIRST_CAPACITY = 1 << 16;

  private final Path directory;
  private final MessageDigest sha256 = Digests.sha256();
  private Table table;
  private long size;

  /** The greatest key and its record, as long as the keys ascend; then nothing. */
  private byte @Nullable [] last = {};

  private long lastRecord;

  SeenKeys(Path directory) throws IOException {
    this.directory = directory;
    table = new Table(directory, FIRST_CAPACITY);
  }

  /**
   * Adds a key, unless it is there.
   *
   * @param key not empty; its array has to stay as it is
   * @param record the number of its record, 1 or more
   * @return 0, or the number of the record that it had first
   */
  long add(byte[] key, long record) throws IOException {
    if (last != null) {
      int order = Arrays.compareUnsigned(last, key);
      if (order == 0) {
        return lastRecord;
      }
      if (order > 0) {
        index();
      }
    }
    if (size >= table.capacity / 3 * 2) {
      grow();
    }
    byte[] hash = sha256.digest(key);
    long high = longOf(hash, 0);
    long lowAndRecord = low(hash) | record;
    long there = 0;
    if (last != null) {
      table.set(size * SLOT, high, lowAndRecord);
      last = key;
      lastRecord = record;
    } else {
      there = table.put(high, lowAndRecord);
    }
    if (there == 0) {
      size++;
    }
    return there & RECORD_MASK;
  }

  /** Prepares for {@link #contains}; nothing is added then. */
  void index() throws IOException {
    if (last != null) {
      moveTo(table.capacity);
      last = null;
    }
  }

  /** Whether a key was added. */
  boolean contains(byte[] key) {
    if (last != null) {
      throw new IllegalStateException("there is no index");
    }
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
    if (last == null) {
      moveTo(2 * table.capacity);
      return;
    }
    Table larger = new Table(directory, 2 * table.capacity);
    MemorySegment.copy(table.slots, 0, larger.slots, 0, size * SLOT);
    replace(larger);
  }

  /** Puts all where their hashes say. */
  private void moveTo(long capacity) throws IOException {
    Table other = new Table(directory, capacity);
    table.copyTo(other);
    replace(other);
  }

  private void replace(Table other) {
    table.close();
    table = other;
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
        if (directory.toFile().getUsableSpace() < bytes) { // a FileStore there is not in a chroot
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
        set(at, high, lowAndRecord);
        return 0;
      }
      return there;
    }

    void set(long at, long high, long lowAndRecord) {
      slots.set(JAVA_LONG_UNALIGNED, at, high);
      slots.set(JAVA_LONG_UNALIGNED, at + 8, lowAndRecord);
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

    void copyTo(Table other) {
      for (long at = 0; at < capacity; at++) {
        long low = slots.get(JAVA_LONG_UNALIGNED, at * SLOT + 8);
        if ((low & RECORD_MASK) != 0) {
          other.put(slots.get(JAVA_LONG_UNALIGNED, at * SLOT), low);
        }
      }
    }

    void close() {
      arena.close();
    }
  }
}
