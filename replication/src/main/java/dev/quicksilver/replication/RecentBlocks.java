package dev.quicksilver.replication;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.log.SegmentSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The newest blocks of one database, so that all followers that keep up are served from one read of
 * the log; those that are behind read it themselves. Holds at most {@link #MAX_BYTES}, and nothing
 * that is older than {@link #MAX_AGE} for longer than until its sessions look again. Thread-safe.
 */
final class RecentBlocks {
  /** A block with its body. */
  record Block(BlockHeader header, List<Segment> segments) {
    /** Returns the body from its beginning. */
    SegmentSource body() {
      Iterator<Segment> rest = segments.iterator();
      return () -> rest.hasNext() ? rest.next() : null;
    }
  }

  private record Held(Block block, long readAt) {}

  static final long MAX_BYTES = 1 << 20;
  static final Duration MAX_AGE = Duration.ofSeconds(2);

  private final Database database;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Held> newest = new ArrayDeque<>();
  private long bytes;
  private long reads;

  RecentBlocks(Database database, Ticker ticker) {
    this.database = database;
    this.ticker = ticker;
  }

  /**
   * Returns the block that begins at a sequence, or null if it has to be read from the log: it is
   * not there yet, too large, or older than the ones that are held.
   */
  @Nullable Block at(long sequence) {
    lock.lock();
    try {
      forget();
      Held last = newest.peekLast();
      if (last != null && sequence <= last.block().header().lastSequence()) {
        return held(sequence);
      }
      if (last != null && sequence != last.block().header().lastSequence() + 1) {
        clear(); // the blocks held are to follow one another
      }
      return read(sequence);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Block held(long sequence) {
    for (Held held : newest) {
      if (held.block().header().firstSequence() == sequence) {
        return held.block();
      }
    }
    return null;
  }

  private @Nullable Block read(long sequence) {
    LogReader reader = database.readLog(sequence);
    BlockHeader header = reader.nextBlock();
    if (header == null || header.bodyLength() > MAX_BYTES) {
      return null;
    }
    reads++;
    List<Segment> segments = new ArrayList<>();
    for (Segment s = reader.nextSegment(); s != null; s = reader.nextSegment()) {
      segments.add(s);
    }
    Block block = new Block(header, List.copyOf(segments));
    newest.addLast(new Held(block, ticker.nanos()));
    bytes += header.bodyLength();
    forget();
    return block;
  }

  /** Drops what is too old or too much. */
  private void forget() {
    long now = ticker.nanos();
    for (Held first = newest.peekFirst();
        first != null && (bytes > MAX_BYTES || now - first.readAt() > MAX_AGE.toNanos());
        first = newest.peekFirst()) {
      newest.removeFirst();
      bytes -= first.block().header().bodyLength();
    }
  }

  private void clear() {
    newest.clear();
    bytes = 0;
  }

  /** Returns how many blocks were read from the log. */
  long reads() {
    lock.lock();
    try {
      return reads;
    } finally {
      lock.unlock();
    }
  }

  /** The databases that a server's sessions read just now. Thread-safe. */
  static final class Shared {
    private static final class Use {
      final RecentBlocks blocks;
      int sessions;

      Use(RecentBlocks blocks) {
        this.blocks = blocks;
      }
    }

    private final Ticker ticker;
    private final Map<Database, Use> used = new HashMap<>();

    Shared(Ticker ticker) {
      this.ticker = ticker;
    }

    /** Returns the blocks that all sessions of a database share; {@link #release} them later. */
    synchronized RecentBlocks acquire(Database database) {
      Use use = used.computeIfAbsent(database, any -> new Use(new RecentBlocks(any, ticker)));
      use.sessions++;
      return use.blocks;
    }

    synchronized void release(Database database) {
      Use use = used.get(database);
      if (use != null && --use.sessions == 0) {
        used.remove(database);
      }
    }
  }
}
