package dev.quicksilver.storage;

import java.util.ArrayDeque;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/**
 * The content digest of a write session or a verification. It is a sum, so what is added may be
 * hashed in any order: after the first few hundred kilobytes, pairs are gathered into batches that
 * another thread hashes while this one goes on to write or to read. For one thread.
 */
final class DigestSum {
  /** Hashed at once; a small commit then costs no hand-over and no memory. */
  private static final int AT_ONCE = 256 << 10;

  private static final int BATCH_BYTES = 64 << 10;
  // Pairs shorter than this leave some of a batch unused.
  private static final int SHORTEST = 32;
  private static final int BATCHES = 4;

  private final Sha256 hash = new Sha256();
  private final ArrayDeque<Hashing> hashing = new ArrayDeque<>();
  private final ArrayDeque<Batch> free = new ArrayDeque<>();
  private ContentDigest sum;
  private long bytes;
  private @Nullable Batch batch;
  private int batches;

  private record Hashing(Batch batch, ForkJoinTask<ContentDigest> task) {}

  DigestSum(ContentDigest start) {
    this.sum = start;
  }

  void plus(byte[] key, int keyLength, byte[] value, int offset, int valueLength) {
    int length = 2 + keyLength + valueLength;
    bytes += length;
    if (bytes <= AT_ONCE || length > BATCH_BYTES) {
      sum = sum.plus(hash.pair(key, keyLength, value, offset, valueLength));
      return;
    }
    Batch open = batch;
    if (open == null || !open.hasRoomFor(length)) {
      handOver();
      open = emptyBatch();
      batch = open;
    }
    open.add(key, keyLength, value, offset, valueLength);
  }

  void minus(byte[] key, int keyLength, byte[] value, int valueLength) {
    sum = sum.minus(hash.pair(key, keyLength, value, 0, valueLength));
  }

  /** Waits for what is being hashed and returns the sum. */
  ContentDigest get() {
    handOver();
    while (!hashing.isEmpty()) {
      await();
    }
    return sum;
  }

  /** Begins again with the digest of nothing. */
  void clear() {
    get();
    sum = ContentDigest.EMPTY;
  }

  private void handOver() {
    Batch full = batch;
    if (full != null) {
      hashing.add(new Hashing(full, ForkJoinPool.commonPool().submit(full::hash)));
      batch = null;
    }
  }

  private Batch emptyBatch() {
    if (free.isEmpty() && batches < BATCHES) {
      batches++;
      return new Batch(BATCH_BYTES);
    }
    if (free.isEmpty()) {
      await();
    }
    return free.remove();
  }

  /** Adds the oldest batch's sum; the batch can then be filled again. */
  private void await() {
    Hashing oldest = hashing.remove();
    sum = sum.plus(oldest.task().join());
    oldest.batch().clear();
    free.add(oldest.batch());
  }

  /** Pairs, each as the bytes that are hashed: key length u16 ‖ key ‖ value. */
  private static final class Batch {
    private final byte[] bytes;
    private final int[] ends;
    private final Sha256 hash = new Sha256();
    private int filled;
    private int count;

    Batch(int capacity) {
      bytes = new byte[capacity];
      ends = new int[capacity / SHORTEST];
    }

    boolean hasRoomFor(int length) {
      return count < ends.length && length <= bytes.length - filled;
    }

    void add(byte[] key, int keyLength, byte[] value, int offset, int valueLength) {
      Bytes.putShort(bytes, filled, keyLength);
      System.arraycopy(key, 0, bytes, filled + 2, keyLength);
      System.arraycopy(value, offset, bytes, filled + 2 + keyLength, valueLength);
      filled += 2 + keyLength + valueLength;
      ends[count++] = filled;
    }

    void clear() {
      filled = 0;
      count = 0;
    }

    ContentDigest hash() {
      ContentDigest sum = ContentDigest.EMPTY;
      int start = 0;
      for (int i = 0; i < count; i++) {
        sum = sum.plus(hash.pair(bytes, start, ends[i] - start));
        start = ends[i];
      }
      return sum;
    }
  }
}
