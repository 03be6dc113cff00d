package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one block that came from anywhere, in order; for showing them, not for applying.
 * Not thread-safe.
 */
public final class BlockEntries {
  private final BlockDecoder decoder;
  private long sequence;

  /** Reads the segments as far as the entries asked for. */
  public BlockEntries(BlockHeader header, SegmentSource segments) {
    this.decoder = new BlockDecoder(segments);
    this.sequence = header.firstSequence();
  }

  /**
   * Returns the next entry, or null after the last of the block.
   *
   * @throws IOException from the source of the segments
   * @throws StorageException CORRUPT if the bytes are not a block's
   */
  public @Nullable LogEntry next() throws IOException {
    while (decoder.next()) {
      if (decoder.kind == BlockDecoder.Kind.ENTRY) {
        return new LogEntry(
            sequence++,
            decoder.operation,
            Arrays.copyOf(decoder.key, decoder.keyLength),
            Arrays.copyOf(decoder.value, decoder.valueLength),
            decoder.commitLsn,
            decoder.commitTime);
      }
    }
    return null;
  }
}
