package dev.quicksilver.storage;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lmdbjava.Cursor;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;

/**
 * Stores blocks in the log inside one LMDB write transaction, piece by piece, and takes old ones
 * away. The first piece, which begins with the block's head, is written last, since a head is known
 * only at the end.
 */
final class LogWriter {
  private static final PutFlags[] APPEND = {PutFlags.MDB_APPEND};
  private static final PutFlags[] BEFORE_THE_REST = {};

  /** Pieces that a commit may take away at least; more only in proportion to what it stores. */
  private static final int TRIMMED_AT_ONCE = 256;

  /**
   * So many bytes of a block are held back and stored together. LMDB then gives them pages that lie
   * side by side, not in turn with those of the values, and they are free together later: a file
   * that is full of short runs of free pages makes each commit a matter of many small writes.
   */
  private static final int TOGETHER = 4 << 20;

  private final Environment environment;
  private final Txn<ByteBuffer> txn;
  private final ByteBuffer pieceKey = ByteBuffer.allocateDirect(RecordFormat.PIECE_KEY);
  private final byte[] first = new byte[RecordFormat.PIECE];
  private byte[] pieces = new byte[RecordFormat.PIECE];
  private int start; // of the piece that is being filled
  private int stored; // pieces of this block in LMDB, but for the first
  private final byte[] segmentHeader = new byte[Segment.HEADER];
  private long blockSequence;
  private int index;
  private int filled;
  private int firstFilled;
  private long bodyLength;
  private int put;

  LogWriter(Environment environment, Txn<ByteBuffer> txn) {
    this.environment = environment;
    this.txn = txn;
  }

  void begin(long firstSequence) {
    blockSequence = firstSequence;
    index = 0;
    filled = BlockHeader.LENGTH;
    firstFilled = 0;
    bodyLength = 0;
    start = 0;
    stored = 0;
  }

  void segment(Segment segment) {
    segment.encodeHeader(segmentHeader);
    write(segmentHeader);
    write(segment.bytes());
  }

  private void write(byte[] bytes) {
    int at = 0;
    while (at < bytes.length) {
      int part = Math.min(bytes.length - at, RecordFormat.PIECE - filled);
      System.arraycopy(bytes, at, index == 0 ? first : pieces, start + filled, part);
      filled += part;
      at += part;
      if (filled == RecordFormat.PIECE) {
        nextPiece();
      }
    }
    bodyLength += bytes.length;
  }

  private void nextPiece() {
    if (index == 0) {
      firstFilled = filled;
    } else {
      start += filled;
      if (start >= TOGETHER) {
        store();
      } else if (start + RecordFormat.PIECE > pieces.length) {
        pieces = Arrays.copyOf(pieces, Math.min(TOGETHER, 2 * pieces.length) + RecordFormat.PIECE);
      }
    }
    index++;
    filled = 0;
  }

  /** Stores the pieces that are held back; all but the block's last are full. */
  private void store() {
    for (int at = 0; at < start; at += RecordFormat.PIECE) {
      stored++;
      put(stored, pieces, at, Math.min(RecordFormat.PIECE, start - at), APPEND);
    }
    start = 0;
  }

  /** Ends the block; the head is stored with the length that the body really has. */
  void end(BlockHeader header) {
    nextPiece();
    store();
    System.arraycopy(header.withBodyLength(bodyLength).encode(), 0, first, 0, BlockHeader.LENGTH);
    put(0, first, 0, firstFilled, BEFORE_THE_REST);
  }

  private void put(int pieceIndex, byte[] bytes, int at, int length, PutFlags[] where) {
    put++;
    try {
      environment
          .log
          .reserve(
              txn, pieceKey.clear().putLong(blockSequence).putInt(pieceIndex).flip(), length, where)
          .put(bytes, at, length);
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
  }

  /**
   * Takes pieces of the oldest blocks away while the log is older or larger than allowed; never the
   * block that ends at {@code lastSequence}, and never so many that a commit would notice: a few,
   * or twice as many as the commit stores, so that the log does not outgrow its bound.
   *
   * @param oldest the oldest sequence now
   * @param oldestTime keep blocks committed at or after this, µs since 1970-01-01 UTC
   * @return the oldest sequence then
   */
  long trim(long oldest, long lastSequence, long oldestTime, long maxBytes) {
    long bytes = bytes();
    long most = Math.max(TRIMMED_AT_ONCE, 2L * put);
    long removed = 0;
    try (Cursor<ByteBuffer> cursor = environment.log.openCursor(txn)) {
      boolean found =
          cursor.get(ByteBuffer.allocateDirect(1).put((byte) 0).flip(), GetOp.MDB_SET_RANGE);
      while (found && removed < most) {
        ByteBuffer key = cursor.key();
        long sequence = key.getLong(0);
        if (sequence >= oldest) {
          byte[] head = new byte[BlockHeader.LENGTH];
          cursor.val().get(0, head);
          BlockHeader header = BlockHeader.decode(head);
          boolean tooOld = header.commitTime() < oldestTime;
          if (header.lastSequence() >= lastSequence || !(tooOld || bytes > maxBytes)) {
            break;
          }
          oldest = header.lastSequence() + 1;
        }
        bytes -= cursor.val().remaining();
        cursor.delete();
        removed++;
        found = cursor.seek(org.lmdbjava.SeekOp.MDB_GET_CURRENT) || cursor.next();
      }
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, environment.path);
    }
    return oldest;
  }

  boolean isTooLarge(long maxBytes) {
    return bytes() > maxBytes;
  }

  private long bytes() {
    var stat = environment.log.stat(txn);
    return (stat.leafPages + stat.branchPages + stat.overflowPages) * environment.pageSize;
  }
}
