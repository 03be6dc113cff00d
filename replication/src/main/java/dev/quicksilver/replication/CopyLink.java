package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.CopyRequest;
import dev.quicksilver.replication.Message.PieceStart;
import dev.quicksilver.replication.Message.SegmentData;
import dev.quicksilver.replication.Message.StepEnd;
import dev.quicksilver.storage.copy.PrefixSession;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a copy over one connection. A thread of its own asks for the next step as
 * soon as the head of a piece says where that begins, some pieces ahead of what is written, so that
 * the peer reads and sends while this side commits. Everything else is for one thread.
 */
final class CopyLink implements AutoCloseable {
  /** Received and not yet written, beyond what the link itself holds; what a cut may lose. */
  private static final long AHEAD_BYTES = 16L << 20;

  /** What a message that is not a segment may take. */
  private static final long SMALL = 1 << 10;

  private static final byte[] NO_KEY = new byte[0];
  private static final long WAIT_NANOS = TimeUnit.HOURS.toNanos(1); // the link knows silence itself

  private final UpstreamLink.Session session;
  private final int pieceBytes;
  private final FrameQueue ahead = new FrameQueue(AHEAD_BYTES);
  private @Nullable PieceStart first;
  private long pairsOfSource;
  private long bytes;

  CopyLink(UpstreamLink.Session session, int pieceBytes) {
    this.session = session;
    this.pieceBytes = pieceBytes;
  }

  /** Asks for the first piece of all, and waits for its head: where the copy begins. */
  Head begin() throws IOException {
    start(new CopyRequest(true, 0, pieceBytes, NO_KEY));
    if (!(next() instanceof PieceStart piece)) {
      throw new ProtocolException("a copy that does not begin with a piece");
    }
    first = piece;
    return piece.header().head();
  }

  /** Asks for what comes after a copy. */
  void goOn(Head head, byte @Nullable [] bound) throws IOException {
    start(new CopyRequest(false, head.lastSequence(), pieceBytes, bound == null ? NO_KEY : bound));
  }

  private void start(CopyRequest request) throws IOException {
    request(request);
    byte[] after = request.after();
    Thread.ofVirtual().name("replication-copy-ahead").start(() -> ask(after));
  }

  /** Passes on what comes and asks for more until all pairs have come, or the end of the link. */
  private void ask(byte[] first) {
    byte[] after = first;
    boolean piece = false; // whether the present step has one
    try {
      while (true) {
        Message message = received();
        if (message instanceof PieceStart begun) {
          piece = true;
          byte[] upTo = begun.header().upTo();
          if (upTo != null) {
            after = upTo;
            request(new CopyRequest(false, sequence(begun), pieceBytes, after));
          }
        } else if (message instanceof StepEnd end) {
          if (!piece) { // there was so much log that it came alone
            request(new CopyRequest(false, end.lastSequence(), pieceBytes, after));
          }
          piece = false;
        }
        if (!ahead.put(message, size(message))) {
          return;
        }
      }
    } catch (IOException e) {
      ahead.close(e);
    } catch (InterruptedException e) {
      ahead.close(new IOException("interrupted", e));
    } catch (RuntimeException | Error e) { // nobody else would tell the thread that waits
      ahead.close(new IOException("asking for more of the copy failed: " + e, e));
      throw e;
    }
  }

  private static long sequence(PieceStart piece) {
    return piece.header().head().lastSequence();
  }

  private static long size(Message message) {
    return message instanceof SegmentData data ? data.segment().bytes().length : SMALL;
  }

  private Message received() throws IOException {
    Message message = session.queue().poll(WAIT_NANOS);
    if (message == null) {
      throw new IOException("the peer does not go on");
    }
    return message;
  }

  private void request(CopyRequest request) throws IOException {
    session.out().write(request);
    session.out().flush();
  }

  /** Takes the answer to the oldest request that has not been taken. */
  void answer(PrefixSession copy) throws IOException {
    PieceStart begun = first;
    first = null;
    Message message = begun == null ? next() : begun;
    while (message instanceof BlockStart block) {
      if (block.header().firstSequence() != copy.head().lastSequence() + 1) {
        throw new ProtocolException(
            "expected the block after sequence "
                + copy.head().lastSequence()
                + ", received the one that begins at "
                + block.header().firstSequence());
      }
      copy.apply(block.header(), () -> segmentOfBlock(block));
      message = next();
    }
    if (message instanceof PieceStart piece) {
      pairsOfSource = piece.pairsOfSource();
      copy.append(piece.header(), this::segmentOfPiece);
    } else if (!(message instanceof StepEnd)) {
      throw unexpected(message);
    }
  }

  private @Nullable Segment segmentOfBlock(BlockStart block) throws IOException {
    Message message = next();
    if (message instanceof BlockEnd end && end.lastSequence() == block.header().lastSequence()) {
      return null;
    }
    return segment(message);
  }

  private @Nullable Segment segmentOfPiece() throws IOException {
    Message message = next();
    return message instanceof StepEnd ? null : segment(message);
  }

  private Segment segment(Message message) throws IOException {
    if (message instanceof SegmentData data) {
      bytes += data.segment().uncompressedLength();
      return data.segment();
    }
    throw unexpected(message);
  }

  private Message next() throws IOException {
    Message message = ahead.poll(WAIT_NANOS);
    if (message == null) {
      throw new IOException("the peer does not go on");
    }
    if (message instanceof Refusal refusal) {
      throw new RefusedException(refusal);
    }
    return message;
  }

  private static ProtocolException unexpected(Message message) {
    return new ProtocolException(
        "a message of type " + MessageCodec.type(message) + " does not belong into a copy");
  }

  /** Ends the asking; the connection is closed by who opened it. */
  @Override
  public void close() {
    ahead.close(new IOException("closed"));
  }

  /** Returns how many live pairs the source held at the last piece. */
  long pairsOfSource() {
    return pairsOfSource;
  }

  /** Returns the bytes of keys and values received, log and pieces, before compression. */
  long bytes() {
    return bytes;
  }
}
