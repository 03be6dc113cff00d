package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Entry;
import java.io.IOException;
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
      if (decoder.kind() == BlockDecoder.Kind.ENTRY) {
        Entry entry = decoder.entry();
        return new LogEntry(
            sequence++,
            entry.operation(),
            entry.keyBytes(),
            entry.valueBytes(),
            entry.commitLsn(),
            entry.commitTime());
      }
    }
    return null;
  }
}
