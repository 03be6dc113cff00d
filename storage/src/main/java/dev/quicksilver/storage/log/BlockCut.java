package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.Sha256;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The later part of a stored block, from the first sequence of one of its transactions on, as a
 * block of its own. Reads the stored block twice: once for the lengths in the header, once for the
 * segments; holds one segment in memory.
 */
final class BlockCut {
  private final BlockHeader header;
  private final Walk walk;
  private final ArrayDeque<Segment> ready = new ArrayDeque<>();
  private final BlockEncoder encoder = new BlockEncoder(ready::add);
  private boolean flushed;

  private BlockCut(BlockHeader header, Walk walk) {
    this.header = header;
    this.walk = walk;
  }

  /**
   * @param segments the block's segments from the first on
   * @param reopen makes {@code segments} begin again
   */
  static BlockCut after(
      BlockHeader whole, SegmentSource segments, Runnable reopen, long firstSequence)
      throws IOException {
    long[] length = new long[1];
    BlockEncoder counting =
        new BlockEncoder(segment -> length[0] += Segment.HEADER + segment.bytes().length);
    Walk first = new Walk(whole, segments, firstSequence);
    while (first.next()) {
      first.copyTo(counting);
    }
    counting.flush();
    BlockHeader header =
        new BlockHeader(
            firstSequence,
            whole.lastSequence(),
            first.before(),
            whole.after(),
            whole.digestAfter(),
            whole.positionAfter(),
            whole.commitTime(),
            length[0],
            counting.uncompressedLength(),
            first.transactions);
    reopen.run();
    return new BlockCut(header, new Walk(whole, segments, firstSequence));
  }

  BlockHeader header() {
    return header;
  }

  @Nullable Segment nextSegment() throws IOException {
    while (ready.isEmpty() && !flushed) {
      if (walk.next()) {
        walk.copyTo(encoder);
      } else {
        encoder.flush();
        flushed = true;
      }
    }
    return ready.poll();
  }

  /** The records of a block from one sequence on, with the chain hash before it. */
  private static final class Walk {
    private final BlockDecoder decoder;
    private final long firstSequence;
    private final Sha256 hash = new Sha256();
    private final byte[] chain;
    private long sequence;
    private long transactions;

    Walk(BlockHeader whole, SegmentSource segments, long firstSequence) {
      this.decoder = new BlockDecoder(segments);
      this.firstSequence = firstSequence;
      this.chain = whole.before().toBytes();
      this.sequence = whole.firstSequence();
    }

    boolean next() throws IOException {
      while (decoder.next()) {
        if (sequence >= firstSequence
            && !(decoder.kind() == BlockDecoder.Kind.END && transactions == 0)) {
          if (transactions == 0 && decoder.kind() != BlockDecoder.Kind.BEGIN) {
            throw new StorageException(
                ErrorCode.NOT_IN_LOG,
                "sequence "
                    + firstSequence
                    + " is in the middle of a transaction; ask for its first");
          }
          if (decoder.kind() == BlockDecoder.Kind.BEGIN) {
            transactions++;
          }
          return true;
        }
        if (decoder.kind() == BlockDecoder.Kind.ENTRY) {
          decoder.entry().sequence(sequence);
          hash.chain(chain, decoder.entry());
          sequence++;
        }
      }
      return false;
    }

    ChainHash before() {
      return ChainHash.of(chain, 0);
    }

    void copyTo(BlockEncoder to) {
      switch (decoder.kind()) {
        case BEGIN -> to.begin(decoder.entry().commitLsn(), decoder.entry().commitTime());
        case ENTRY -> to.entry(decoder.entry());
        case END -> to.end(decoder.endLsn());
      }
    }
  }
}
