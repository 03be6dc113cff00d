package dev.quicksilver.gateway.status;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.Head;
import java.util.OptionalLong;

/** Finds in a database's log what a place in the WAL became. Stateless. */
final class LogPositions {
  private LogPositions() {}

  /**
   * Returns the last sequence whose commit record begins before an LSN, 0 if there is none; empty
   * if the log does not reach back to there any more. Reads about as many blocks as the number of
   * entries has bits.
   *
   * @param lsn unsigned, not beyond what is durable here
   */
  static OptionalLong sequenceAt(Database database, long lsn) {
    try (Snapshot snapshot = database.snapshot()) {
      Head head = snapshot.head();
      long low = head.oldestSequence() - 1;
      long high = head.lastSequence();
      if (Long.compareUnsigned(lsn, head.position().lsn()) >= 0) {
        return OptionalLong.of(high);
      }
      while (low < high) {
        long middle = low + (high - low + 1) / 2;
        if (isBefore(snapshot, middle, lsn)) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return low >= head.oldestSequence() || low == 0 ? OptionalLong.of(low) : OptionalLong.empty();
    } catch (StorageException e) {
      if (e.code() == ErrorCode.NOT_IN_LOG) {
        return OptionalLong.empty();
      }
      throw e;
    }
  }

  private static boolean isBefore(Snapshot snapshot, long sequence, long lsn) {
    LogEntry entry = snapshot.scanLog(sequence).next();
    return entry != null && Long.compareUnsigned(entry.commitLsn(), lsn) < 0;
  }
}
