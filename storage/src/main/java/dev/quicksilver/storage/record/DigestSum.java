package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import java.util.ArrayDeque;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/**
 * The content digest of a write session or a verification. It is a sum, so what is added may be
 * hashed in any order: after the first few hundred kilobytes, pairs are gathered into batches that
 * another thread hashes while this one goes on to write or to read. If that thread falls behind,
 * this one hashes too. For one thread.
 */
public final class DigestSum {
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
  private boolean kept = true;

  private record Hashing(Batch batch, ForkJoinTask<ContentDigest> task) {}

  /** Begins with a digest. */
  public DigestSum(ContentDigest start) {
    this.sum = start;
  }

  /** Has everything that comes now left out of it, until {@link #set} says what it is. */
  void suspend() {
    clear();
    kept = false;
  }

  /** Says what it is. */
  void set(ContentDigest now) {
    clear();
    sum = now;
    kept = true;
  }

  /** Adds a pair. */
  public void plus(byte[] key, int keyLength, byte[] value, int offset, int valueLength) {
    if (!kept) {
      return;
    }
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

  void minus(byte[] key, int keyLength, byte[] value, int offset, int valueLength) {
    if (!kept) {
      return;
    }
    sum = sum.minus(hash.pair(key, keyLength, value, offset, valueLength));
  }

  /** Waits for what is being hashed and returns the sum. */
  public ContentDigest get() {
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
    while (!hashing.isEmpty() && hashing.element().task().isDone()) {
      await();
    }
    if (free.isEmpty() && batches < BATCHES) {
      batches++;
      return new Batch(BATCH_BYTES);
    }
    if (free.isEmpty()) {
      hashNewest();
    }
    return free.remove();
  }

  /** Hashes here what the other thread has not begun, or waits for it. */
  private void hashNewest() {
    Hashing newest = hashing.getLast();
    if (newest.task().tryUnfork()) {
      hashing.removeLast();
      add(newest.batch(), newest.batch().hash());
    } else {
      await();
    }
  }

  /** Adds the oldest batch's sum; the batch can then be filled again. */
  private void await() {
    Hashing oldest = hashing.remove();
    add(oldest.batch(), oldest.task().join());
  }

  private void add(Batch hashed, ContentDigest its) {
    sum = sum.plus(its);
    hashed.clear();
    free.add(hashed);
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
