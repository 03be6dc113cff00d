package dev.quicksilver.storage.log;

/**
 * How much log a database keeps.
 *
 * @param bytes of its pages
 * @param oldestCommitTime commit time of the oldest block's last transaction, µs since 1970-01-01
 *     UTC; 0 if the log is empty
 */
public record LogExtent(long bytes, long oldestCommitTime) {
  /** Returns that of an empty log. */
  public static LogExtent none() {
    return new LogExtent(0, 0);
  }
}
