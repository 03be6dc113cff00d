package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.ErrorCounts;
import dev.quicksilver.storage.lmdb.ReadTransaction;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.lmdb.TreeCursor;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaReader;
import dev.quicksilver.storage.record.PieceKey;
import dev.quicksilver.storage.record.RecordFormat;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a database's log block by block, for followers. Each call copies what it returns and holds
 * no snapshot when it is back, so a slow follower keeps no page from being used again. Not
 * thread-safe.
 *
 * <p>Call {@link #nextBlock()}, then {@link #nextSegment()} until it returns null, then the next
 * block.
 */
public final class LogReader {
  /** Runs a function on a read transaction. */
  @FunctionalInterface
  public interface Use {
    @Nullable Object with(Function<ReadTransaction, @Nullable Object> use);
  }

  private static final int PIECES_AT_ONCE = 64;

  private final Use source;
  private final ErrorCounts errors;
  private final boolean cutting;
  private long nextSequence;
  private long blockSequence;
  private long bodyLeft;
  private int piece;
  private byte[] buffer = new byte[RecordFormat.PIECE];
  private int at;
  private int limit;
  private @Nullable BlockCut cut;

  /** A reader whose first block may begin before the sequence asked for. */
  public static LogReader uncut(Use source, ErrorCounts errors, long fromSequence) {
    return new LogReader(source, errors, fromSequence, false);
  }

  /** A reader whose first block begins at the sequence asked for, the first of a transaction. */
  public LogReader(Use source, ErrorCounts errors, long fromSequence) {
    this(source, errors, fromSequence, true);
  }

  private LogReader(Use source, ErrorCounts errors, long fromSequence, boolean cutting) {
    if (fromSequence < 1) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "sequences begin at 1, not at " + fromSequence);
    }
    this.source = source;
    this.errors = errors;
    this.cutting = cutting;
    this.nextSequence = fromSequence;
  }

  /** Returns the sequence that the next block will begin with. */
  public long nextSequence() {
    return nextSequence;
  }

  /**
   * Returns the head of the next block, or null if there is none yet. A stored block that begins
   * before the sequence asked for is cut: the block returned begins there.
   *
   * @throws StorageException NOT_IN_LOG if the sequence was garbage-collected or is not the first
   *     of a transaction
   */
  public @Nullable BlockHeader nextBlock() {
    cut = null;
    BlockHeader header = (BlockHeader) source.with(this::locate);
    if (header == null) {
      return null;
    }
    if (cutting && header.firstSequence() != nextSequence) {
      BlockHeader whole = header;
      try {
        cut = BlockCut.after(whole, this::storedSegment, () -> reopen(whole), nextSequence);
        header = cut.header();
      } catch (IOException e) {
        throw new StorageException(ErrorCode.IO, "the log could not be read", e);
      }
    }
    nextSequence = header.lastSequence() + 1;
    return header;
  }

  /** Returns the next segment of the block, or null after its last. */
  public @Nullable Segment nextSegment() {
    try {
      return cut == null ? storedSegment() : cut.nextSegment();
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "the log could not be read", e);
    }
  }

  private @Nullable BlockHeader locate(ReadTransaction transaction) {
    Head head = MetaReader.head(transaction);
    if (nextSequence > head.lastSequence()) {
      return null;
    }
    if (nextSequence < head.oldestSequence()) {
      throw gone(head);
    }
    byte[] key = new byte[RecordFormat.MAX_KEY];
    PieceKey.put(nextSequence + 1, 0, key);
    TreeCursor cursor = transaction.finder();
    boolean found =
        cursor.seek(Tree.LOG, key, PieceKey.LENGTH) ? cursor.previous() : cursor.last(Tree.LOG);
    if (!found) {
      throw gone(head);
    }
    cursor.copyKey(key);
    BlockHeader header = open(transaction, PieceKey.sequence(key));
    if (header.lastSequence() < nextSequence) {
      throw gone(head);
    }
    return header;
  }

  private StorageException gone(Head head) {
    return new StorageException(
        ErrorCode.NOT_IN_LOG,
        "sequence "
            + nextSequence
            + " is not in the log, which holds "
            + head.oldestSequence()
            + " to "
            + head.lastSequence());
  }

  /** Begins to read the stored block with this first sequence. */
  private BlockHeader open(ReadTransaction transaction, long firstSequence) {
    blockSequence = firstSequence;
    piece = 0;
    at = 0;
    limit = 0;
    bodyLeft = 0;
    load(transaction, 1);
    BlockHeader header = header();
    at = BlockHeader.LENGTH;
    bodyLeft = header.bodyLength();
    return header;
  }

  private void reopen(BlockHeader header) {
    source.with(transaction -> open(transaction, header.firstSequence()));
  }

  /** Adds up to this many pieces to what is left in the buffer. */
  private void load(ReadTransaction transaction, int pieces) {
    int rest = limit - at;
    byte[] larger = Bytes.atLeast(buffer, rest + pieces * RecordFormat.PIECE);
    System.arraycopy(buffer, at, larger, 0, rest);
    buffer = larger;
    at = 0;
    limit = rest;
    byte[] key = new byte[PieceKey.LENGTH];
    TreeCursor cursor = transaction.finder();
    for (int i = 0; i < pieces; i++, piece++) {
      PieceKey.put(blockSequence, piece, key);
      if (!cursor.find(Tree.LOG, key, key.length)) {
        if (i == 0) {
          throw new StorageException(
              ErrorCode.NOT_IN_LOG,
              "the block at sequence " + blockSequence + " has left the log while it was read");
        }
        return;
      }
      limit += cursor.copyPiece(buffer, limit);
    }
  }

  private @Nullable Segment storedSegment() {
    if (bodyLeft == 0) {
      return null;
    }
    need(Segment.HEADER);
    need(Segment.HEADER + Segment.bytesAfterHeader(buffer, at));
    Segment segment = segment();
    int length = Segment.HEADER + segment.bytes().length;
    at += length;
    bodyLeft -= length;
    return segment;
  }

  private BlockHeader header() {
    try {
      return BlockHeader.decode(buffer);
    } catch (StorageException e) {
      throw errors.read(e);
    }
  }

  private Segment segment() {
    try {
      return Segment.decode(buffer, at);
    } catch (StorageException e) {
      throw errors.read(e);
    }
  }

  private void need(int bytes) {
    while (limit - at < bytes) {
      int wanted = (int) Math.min(PIECES_AT_ONCE, bodyLeft / RecordFormat.PIECE + 1);
      source.with(
          transaction -> {
            load(transaction, wanted);
            return null;
          });
    }
  }
}
