package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.log.SegmentSource;
import dev.quicksilver.storage.log.SegmentWriter;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The next pairs of a database above a key, read from one snapshot of it and encoded for a copy:
 * what a peer sends to a node that bootstraps. Holds the snapshot until it is closed, so close it
 * soon: what it holds can be read after that too, the log cannot. Holds about the bytes asked for
 * in memory, or one value if that is larger. For one thread.
 */
public final class SnapshotPiece implements SegmentSource, AutoCloseable {
  /**
   * A good size in bytes: tens of milliseconds of work, and a commit's wait is little beside it.
   */
  public static final int GOOD_BYTES = 4 << 20;

  private final Snapshot snapshot;
  private final SnapshotPieceHeader header;
  private final ArrayDeque<Segment> ready = new ArrayDeque<>();
  private final SegmentWriter out = new SegmentWriter(ready::add);
  private final byte[] fixed = new byte[SnapshotPairs.FIXED];
  private byte[] large = Bytes.EMPTY;
  private int largeAt;
  private int largeEnd;
  private final long pairsOfSource;

  /**
   * Reads the next piece of a database.
   *
   * @param after the key up to which the receiver holds everything; null for the first piece
   * @param budget bytes of keys and values; one pair may be larger
   */
  public static SnapshotPiece read(Database database, byte @Nullable [] after, int budget) {
    Snapshot snapshot = database.snapshot();
    try {
      return new SnapshotPiece(snapshot, database.identity(), after, budget);
    } catch (RuntimeException e) {
      snapshot.close();
      throw e;
    }
  }

  private SnapshotPiece(
      Snapshot snapshot, DatabaseIdentity identity, byte @Nullable [] after, int budget) {
    this.snapshot = snapshot;
    Head head = snapshot.head();
    pairsOfSource = snapshot.pairs();
    long pairs = 0;
    byte[] last = null;
    try (Scan scan = snapshot.scan(new KeyRange(after, false, null, true), Direction.FORWARD)) {
      boolean full = false;
      while (!full && scan.next()) {
        long length = size(scan);
        if (pairs > 0 && out.uncompressedLength() + length > budget) {
          full = true;
        } else {
          begin(scan);
          pairs++;
          last = scan.key();
          if (length > budget) { // alone in its piece, and compressed only as it is asked for
            large = scan.valueBuffer();
            largeAt = scan.valueOffset();
            largeEnd = largeAt + scan.valueLength();
            full = true;
          } else {
            out.write(scan.valueBuffer(), scan.valueOffset(), scan.valueLength());
          }
        }
      }
      header =
          new SnapshotPieceHeader(
              identity.id(),
              new Head(
                  head.lastSequence(),
                  head.chainHash(),
                  head.contentDigest(),
                  head.position(),
                  head.commitTime(),
                  head.lastSequence() + 1),
              after,
              full ? last : null,
              pairs,
              out.uncompressedLength() + largeEnd - largeAt);
    }
    if (largeAt == largeEnd) {
      out.flush();
    }
  }

  private static long size(Scan scan) {
    return SnapshotPairs.FIXED + scan.keyLength() + (long) scan.valueLength();
  }

  private void begin(Scan scan) {
    SnapshotPairs.encode(scan, fixed);
    out.write(fixed, 0, fixed.length);
    out.write(scan.keyBuffer(), 0, scan.keyLength());
  }

  /** Returns what the piece holds, and as of when. */
  public SnapshotPieceHeader header() {
    return header;
  }

  /** Returns how many pairs the whole database held when the piece was read. */
  public long pairsOfSource() {
    return pairsOfSource;
  }

  /**
   * Reads the log from a sequence on, up to the one at which this piece was read: what a copy has
   * to apply before the piece.
   */
  public LogReader log(long fromSequence) {
    return snapshot.readLog(fromSequence);
  }

  /** Returns the next segment, or null after the last. */
  @Override
  public @Nullable Segment next() {
    while (ready.isEmpty() && largeAt < largeEnd) {
      int part = Math.min(largeEnd - largeAt, Segment.MAX_UNCOMPRESSED);
      out.write(large, largeAt, part);
      largeAt += part;
      if (largeAt == largeEnd) {
        out.flush();
      }
    }
    return ready.poll();
  }

  @Override
  public void close() {
    snapshot.close();
  }
}
