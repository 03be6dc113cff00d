package dev.quicksilver.edge;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener that is told of a database's changes by a thread of its own. The log is read in parts,
 * and no snapshot is held while the listener works. While the database cannot be read (it was
 * dropped, the node withholds it, its log is damaged), the subscription waits. Safe for all
 * threads.
 */
public final class Subscription implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Subscription.class);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int MOST_ENTRIES = 10_000;
  private static final int ENOUGH_BYTES = 1 << 20;

  private final GenerationInUse inUse;
  private final String name;
  private final ChangeListener listener;
  private final Consumer<Subscription> ended;
  private final Thread thread;
  private volatile long told;
  private volatile boolean closed;

  // of the thread
  private @Nullable UUID database;
  private @Nullable Place seenPlace;
  private long seenCommit;
  private boolean reached; // whether this edge had what was told last
  private String problem = "";

  /** What there is to tell: entries, or that there is a gap before what the head says. */
  private record Part(List<LogEntry> entries, @Nullable Head gap) {
    static final Part NONE = new Part(List.of(), null);
  }

  Subscription(
      GenerationInUse inUse,
      String name,
      long afterSequence,
      ChangeListener listener,
      Consumer<Subscription> ended) {
    this.inUse = inUse;
    this.name = name;
    this.told = afterSequence;
    this.listener = listener;
    this.ended = ended;
    this.database = inUse.place().database().identity().id();
    this.thread =
        Thread.ofPlatform().daemon().name("quicksilver-changes-" + name).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Returns the last sequence that the listener has been told of and was done with. */
  public long told() {
    return told;
  }

  /** Says whether the listener can still be called. */
  public boolean isActive() {
    return thread.isAlive();
  }

  private void run() {
    try {
      while (!closed) {
        Part part = next();
        if (part.gap != null) {
          told = goOnAfter(part.gap);
        }
        for (LogEntry entry : part.entries) {
          if (closed) {
            return;
          }
          listener.changed(entry);
          told = entry.sequence();
        }
      }
    } catch (RuntimeException | Error e) {
      LOG.error("the listener of {} failed after sequence {}; it is told no more", name, told, e);
      tellOfFailure(e);
    } finally {
      ended.accept(this);
    }
  }

  private long goOnAfter(Head gap) {
    long chosen = listener.gap(gap.oldestSequence(), gap.lastSequence());
    if (chosen < gap.oldestSequence() - 1 || chosen > gap.lastSequence()) {
      throw new IllegalArgumentException(
          "the listener wants to go on after sequence "
              + chosen
              + ", but the log of "
              + name
              + " holds "
              + gap.oldestSequence()
              + " to "
              + gap.lastSequence());
    }
    return chosen;
  }

  private void tellOfFailure(Throwable cause) {
    try {
      listener.failed(cause);
    } catch (RuntimeException e) {
      LOG.error("the listener of {} failed when it was told that it had failed", name, e);
    }
  }

  /** Returns what is new, after a short wait if nothing is. */
  private Part next() {
    try {
      inUse.lookIfDue();
      Place place = inUse.place();
      Database now = place.database();
      long commit = now.newestCommit();
      if (place.equals(seenPlace) && commit == seenCommit) {
        LockSupport.parkNanos(this, POLL_NANOS);
        return Part.NONE;
      }
      Part part = read(now);
      if (part.entries.isEmpty() && part.gap == null) {
        seenPlace = place;
        seenCommit = commit;
      }
      problem = "";
      return part;
    } catch (StorageException e) {
      if (!closed && !problem.equals(e.getMessage())) {
        problem = String.valueOf(e.getMessage());
        LOG.warn("changes of {} cannot be told for now: {}: {}", name, e.code(), problem);
      }
      LockSupport.parkNanos(this, RETRY_NANOS);
      return Part.NONE;
    }
  }

  private Part read(Database now) {
    try (Snapshot snapshot = now.snapshot()) {
      Head head = snapshot.head();
      UUID id = now.identity().id();
      if (!id.equals(database)) {
        database = id;
        return new Part(List.of(), head);
      }
      long from = told + 1;
      if (head.lastSequence() < from) {
        boolean wentBack =
            reached && head.lastSequence() < told; // another copy, which ends earlier
        reached = head.lastSequence() == told || wentBack;
        return wentBack ? new Part(List.of(), head) : Part.NONE;
      }
      reached = true;
      if (head.oldestSequence() > from) {
        return new Part(List.of(), head);
      }
      List<LogEntry> entries = new ArrayList<>();
      long bytes = 0;
      LogScan log = snapshot.scanLog(from);
      while (entries.size() < MOST_ENTRIES && bytes < ENOUGH_BYTES) {
        LogEntry entry = log.next();
        if (entry == null) {
          break;
        }
        entries.add(entry);
        bytes += entry.key().length + entry.value().length;
      }
      return new Part(entries, null);
    }
  }

  /**
   * Ends it. When this returns, the listener is not called any more, unless it is the listener who
   * calls this: so do not hold what a call under way waits for.
   */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    EdgeReader.awaitEnd(thread);
  }
}
