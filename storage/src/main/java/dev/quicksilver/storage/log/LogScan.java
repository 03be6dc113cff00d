package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The log entry by entry. Not thread-safe; closes with its snapshot. */
public final class LogScan {
  private final LogReader reader;
  private final long from;
  private @Nullable BlockEntries block;

  /** Takes a reader whose first block may begin before the sequence. */
  public LogScan(LogReader stored, long from) {
    this.reader = stored;
    this.from = from;
  }

  /** Returns the next entry, or null at the snapshot's head. */
  public @Nullable LogEntry next() {
    try {
      while (true) {
        if (block == null) {
          BlockHeader header = reader.nextBlock();
          if (header == null) {
            return null;
          }
          block = new BlockEntries(header, reader::nextSegment);
        }
        LogEntry entry = block.next();
        if (entry == null) {
          block = null;
        } else if (entry.sequence() >= from) {
          return entry;
        }
      }
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "the log could not be read", e);
    }
  }
}
