package dev.quicksilver.cli.page;

import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The end of a log, backwards. A log can only be read forwards, so it is read in stretches, each
 * before the one that was read last and twice as long; so a block is read a few times at most. It
 * ends after some entries or some bytes, whatever comes first. For one thread.
 */
final class NewestEntries {
  /** Entries that are looked at to find something. */
  static final int MOST = 10_000;

  /** Bytes of keys and values that are looked at; the stretch in which they end is read whole. */
  static final long MOST_BYTES = 64L << 20;

  private static final int FIRST = 50;

  private final Snapshot snapshot;
  private final int most;
  private final long oldest;
  private final long last;

  /** The first that was read. */
  private long from;

  private long bytes;

  /** Begins at the end of a snapshot's log. */
  NewestEntries(Snapshot snapshot, int most) {
    this.snapshot = snapshot;
    this.most = most;
    oldest = snapshot.head().oldestSequence();
    last = snapshot.head().lastSequence();
    from = last + 1;
  }

  /**
   * Returns what is made of them, the newest first.
   *
   * @param maker makes small things of large entries
   */
  <T> List<T> all(Function<LogEntry, T> maker) {
    List<T> newest = new ArrayList<>();
    for (int length = FIRST; goesOn(); length *= 2) {
      List<T> stretch = new ArrayList<>();
      stretch(length, entry -> stretch.add(maker.apply(entry)));
      newest.addAll(stretch.reversed());
    }
    return newest;
  }

  /** Returns the newest that is looked for. */
  Optional<LogEntry> find(Predicate<LogEntry> wanted) {
    for (int length = FIRST; goesOn(); length *= 2) {
      Newest found = new Newest();
      stretch(
          length,
          entry -> {
            if (wanted.test(entry)) {
              found.entry = entry;
            }
          });
      if (found.entry != null) {
        return Optional.of(found.entry);
      }
    }
    return Optional.empty();
  }

  private static final class Newest {
    private @Nullable LogEntry entry;
  }

  private boolean goesOn() {
    return from > oldest && last - from + 1 < most && bytes < MOST_BYTES;
  }

  private void stretch(int length, Consumer<LogEntry> visitor) {
    long end = from;
    from = Math.max(Math.max(oldest, end - length), last - most + 1);
    LogScan scan = snapshot.scanLog(from);
    LogEntry entry = scan.next();
    while (entry != null && entry.sequence() < end) {
      bytes += entry.key().length + entry.value().length;
      visitor.accept(entry);
      entry = entry.sequence() + 1 < end ? scan.next() : null;
    }
  }

  /** Returns in words which entries were read. */
  String which() {
    String read = Shown.count(last - from + 1, "entry", "entries");
    return from <= oldest
        ? "all " + read + " of the log, from number " + Shown.count(oldest) + " on,"
        : "the last " + read + " of the log";
  }
}
