package dev.quicksilver.storage;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The log entry by entry. Not thread-safe; closes with its snapshot. */
public final class LogScan {
  private final LogReader reader;
  private final long from;
  private @Nullable BlockDecoder decoder;
  private long sequence;

  LogScan(LogReader.Use source, long from) {
    this.reader = LogReader.uncut(source, from);
    this.from = from;
  }

  /** Returns the next entry, or null at the snapshot's head. */
  public @Nullable LogEntry next() {
    try {
      while (true) {
        if (decoder == null) {
          BlockHeader header = reader.nextBlock();
          if (header == null) {
            return null;
          }
          sequence = header.firstSequence();
          decoder = new BlockDecoder(reader::nextSegment);
        }
        while (decoder.next()) {
          if (decoder.kind == BlockDecoder.Kind.ENTRY) {
            LogEntry entry =
                new LogEntry(
                    sequence++,
                    decoder.operation,
                    Arrays.copyOf(decoder.key, decoder.keyLength),
                    Arrays.copyOf(decoder.value, decoder.valueLength),
                    decoder.commitLsn,
                    decoder.commitTime);
            if (entry.sequence() >= from) {
              return entry;
            }
          }
        }
        decoder = null;
      }
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "the log could not be read", e);
    }
  }
}
