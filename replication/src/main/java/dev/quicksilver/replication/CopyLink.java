package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.CopyRequest;
import dev.quicksilver.replication.Message.PieceStart;
import dev.quicksilver.replication.Message.SegmentData;
import dev.quicksilver.replication.Message.StepEnd;
import dev.quicksilver.storage.Head;
import dev.quicksilver.storage.PrefixSession;
import dev.quicksilver.storage.Segment;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a copy over one connection. The next step is asked for as soon as the head of
 * a piece says where that step begins, so that the peer reads while this side writes. One thread.
 */
final class CopyLink {
  private static final byte[] NO_KEY = new byte[0];
  private static final long WAIT_NANOS = TimeUnit.HOURS.toNanos(1); // the link knows silence itself

  private final UpstreamLink.Session session;
  private final int pieceBytes;
  private @Nullable PieceStart first;
  private long pairsOfSource;
  private long bytes;

  CopyLink(UpstreamLink.Session session, int pieceBytes) {
    this.session = session;
    this.pieceBytes = pieceBytes;
  }

  /** Asks for the first piece of all, and waits for its head: where the copy begins. */
  Head begin() throws IOException {
    request(new CopyRequest(true, 0, pieceBytes, NO_KEY));
    if (!(next() instanceof PieceStart piece)) {
      throw new ProtocolException("a copy that does not begin with a piece");
    }
    first = piece;
    return piece.header().head();
  }

  /** Asks for what comes after a copy. */
  void goOn(Head head, byte @Nullable [] bound) throws IOException {
    request(
        new CopyRequest(false, head.lastSequence(), pieceBytes, bound == null ? NO_KEY : bound));
  }

  private void request(CopyRequest request) throws IOException {
    session.out().write(request);
    session.out().flush();
  }

  /** Takes the answer to the last request; unless all pairs are here then, has asked for more. */
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
      take(piece, copy);
    } else if (message instanceof StepEnd) {
      goOn(copy.head(), copy.bound());
    } else {
      throw unexpected(message);
    }
  }

  private void take(PieceStart piece, PrefixSession copy) throws IOException {
    pairsOfSource = piece.pairsOfSource();
    byte[] upTo = piece.header().upTo();
    if (upTo != null) {
      goOn(piece.header().head(), upTo);
    }
    copy.append(piece.header(), this::segmentOfPiece);
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
    Message message = session.queue().poll(WAIT_NANOS);
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

  /** Returns how many live pairs the source held at the last piece. */
  long pairsOfSource() {
    return pairsOfSource;
  }

  /** Returns the bytes of keys and values received, log and pieces, before compression. */
  long bytes() {
    return bytes;
  }
}
