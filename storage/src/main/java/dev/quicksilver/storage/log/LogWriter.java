package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.record.PieceKey;
import dev.quicksilver.storage.record.RecordFormat;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lmdbjava.Cursor;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;

/**
 * Stores blocks in the log inside one LMDB write transaction, piece by piece, and takes old ones
 * away. The first piece, which begins with the block's head, is written last, since a head is known
 * only at the end. Small blocks are held back and stored together before the commit: their pages,
 * which stay, then do not stand among those of the pairs, which are soon free again (ADR 14).
 */
public final class LogWriter {
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

  /** Blocks up to this many bytes are held back. */
  private static final int SMALL = 64 << 10;

  /** So many bytes of small blocks are held back at most. */
  private static final int HELD = 1 << 20;

  /** A block that is held back: its first piece, then the others, stand in {@link #held}. */
  private record HeldBlock(long sequence, int firstLength, int length) {}

  private final Environment environment;
  private final Txn<ByteBuffer> txn;
  private final ByteBuffer pieceKey = ByteBuffer.allocateDirect(PieceKey.LENGTH);
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
  private final List<HeldBlock> heldBlocks = new ArrayList<>();
  private byte[] held = new byte[0];
  private int heldBytes;

  /** Takes the write transaction that the blocks become part of. */
  public LogWriter(Environment environment, Txn<ByteBuffer> txn) {
    this.environment = environment;
    this.txn = txn;
  }

  /** Begins a block with its first sequence. */
  public void begin(long firstSequence) {
    blockSequence = firstSequence;
    index = 0;
    filled = BlockHeader.LENGTH;
    firstFilled = 0;
    bodyLength = 0;
    start = 0;
    stored = 0;
  }

  /** Adds a segment to the block. */
  public void segment(Segment segment) {
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

  /** Stores the block's pieces that are held back; all but its last are full. */
  private void store() {
    storeHeld();
    for (int at = 0; at < start; at += RecordFormat.PIECE) {
      stored++;
      int length = Math.min(RecordFormat.PIECE, start - at);
      put(blockSequence, stored, pieces, at, length, APPEND);
    }
    start = 0;
  }

  /** Ends the block; the head is stored with the length that the body really has. */
  public void end(BlockHeader header) {
    nextPiece();
    System.arraycopy(header.withBodyLength(bodyLength).encode(), 0, first, 0, BlockHeader.LENGTH);
    if (stored == 0 && firstFilled + start <= SMALL) {
      hold();
    } else {
      store();
      put(blockSequence, 0, first, 0, firstFilled, BEFORE_THE_REST);
    }
  }

  private void hold() {
    int length = firstFilled + start;
    if (heldBytes + length > HELD) {
      storeHeld();
    }
    if (heldBytes + length > held.length) {
      held = Arrays.copyOf(held, Math.min(HELD, 2 * (heldBytes + length)));
    }
    System.arraycopy(first, 0, held, heldBytes, firstFilled);
    System.arraycopy(pieces, 0, held, heldBytes + firstFilled, start);
    heldBlocks.add(new HeldBlock(blockSequence, firstFilled, length));
    heldBytes += length;
    start = 0;
  }

  /** Stores the blocks that are held back; to be called before the commit. */
  public void storeHeld() {
    int at = 0;
    for (HeldBlock block : heldBlocks) {
      int end = at + block.length();
      int length = block.firstLength();
      for (int piece = 0; at < end; piece++) {
        put(block.sequence(), piece, held, at, length, APPEND);
        at += length;
        length = Math.min(RecordFormat.PIECE, end - at);
      }
    }
    heldBlocks.clear();
    heldBytes = 0;
  }

  private void put(
      long sequence, int pieceIndex, byte[] bytes, int at, int length, PutFlags[] where) {
    put++;
    try {
      environment
          .log()
          .reserve(txn, PieceKey.put(sequence, pieceIndex, pieceKey), length, where)
          .put(bytes, at, length);
    } catch (LmdbException e) {
      throw environment.failure(e);
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
  public long trim(long oldest, long lastSequence, long oldestTime, long maxBytes) {
    long bytes = bytes();
    long most = Math.max(TRIMMED_AT_ONCE, 2L * put);
    long removed = 0;
    try (Cursor<ByteBuffer> cursor = environment.log().openCursor(txn)) {
      boolean found =
          cursor.get(ByteBuffer.allocateDirect(1).put((byte) 0).flip(), GetOp.MDB_SET_RANGE);
      while (found && removed < most) {
        ByteBuffer key = cursor.key();
        long sequence = PieceKey.sequence(key);
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
      throw environment.failure(e);
    }
    return oldest;
  }

  /** Says whether the log has more bytes than it may. */
  public boolean isTooLarge(long maxBytes) {
    return bytes() > maxBytes;
  }

  private long bytes() {
    var stat = environment.log().stat(txn);
    return (stat.leafPages + stat.branchPages + stat.overflowPages) * environment.pageSize;
  }
}
