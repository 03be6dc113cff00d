package dev.quicksilver.gateway.status;

import dev.quicksilver.gateway.status.StatusTables.ReplicaRow;
import dev.quicksilver.gateway.status.StatusTables.SequencedRow;
import dev.quicksilver.replication.NodeAck;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Threads;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.Head;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps PostgreSQL's tables of what is where up to date while this node holds the slot, and answers
 * sessions that wait.
 *
 * <p>Once a second it writes rows that have changed, and rows that have not, every ten seconds, to
 * say that their nodes were heard. At most {@value #MOST_ROWS} of replicas are written at once, so
 * with a hundred thousand of them a round takes twenty seconds, not all of the time. While a
 * session waits for replicas it writes as soon as it can without taking more than a fifth of its
 * time. A thread of its own, which shares nothing with sequencing but what is thread-safe.
 */
public final class StatusPublisher implements AutoCloseable {
  /** Rows of replicas that are written in one statement. */
  static final int MOST_ROWS = 5_000;

  private static final Logger LOG = LoggerFactory.getLogger(StatusPublisher.class);
  private static final long ROUND = TimeUnit.SECONDS.toNanos(1);
  private static final long WATCHED_ROUND = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long REFRESH = TimeUnit.SECONDS.toNanos(10);
  private static final long CLEAN = TimeUnit.MINUTES.toNanos(1);

  private final StatusTables tables;
  private final DatabaseSet databases;
  private final Subtree below;
  private final Progress progress;
  private final Waiters waiters;
  private final LongSupplier nanoTime;
  private final Thread thread;
  private final Map<String, Written<SequencedRow>> sequenced = new HashMap<>();
  private final Map<Key, Heard> heard = new HashMap<>();
  private long lastClean;
  private int writtenFor;
  private volatile boolean closed;

  private record Written<T>(T row, long at) {}

  private record Key(String database, UUID instance) {
    static Key of(NodeBelow node) {
      return new Key(node.ack().database(), node.instance());
    }
  }

  /** A node with its last word, when that came, and what was written of it. */
  private static final class Heard {
    NodeBelow node;
    long at;
    @Nullable NodeBelow written;
    long writtenAt;
    long round;

    Heard(NodeBelow node, long at) {
      this.node = node;
      this.at = at;
    }

    void again(NodeBelow now, long when) {
      if (now.ack().said() != node.ack().said()) {
        at = when;
      }
      node = now;
    }

    boolean hasChanged() {
      return written == null
          || !written.problem().equals(node.problem())
          || hasChanged(written.ack(), node.ack());
    }

    private static boolean hasChanged(NodeAck last, NodeAck now) {
      return last.sequence() != now.sequence()
          || last.state() != now.state()
          || !last.node().equals(now.node())
          || !last.location().equals(now.location())
          || !last.upstream().equals(now.upstream())
          || !last.databaseId().equals(now.databaseId());
    }

    boolean isOld(long now) {
      return at - writtenAt > 0 && now - writtenAt >= REFRESH;
    }
  }

  /**
   * Makes its thread, which {@link #start} starts.
   *
   * @param below what the nodes below have reported
   * @param nanoTime monotonic time in ns
   */
  public StatusPublisher(
      StatusTables tables,
      DatabaseSet databases,
      Subtree below,
      Progress progress,
      Waiters waiters,
      LongSupplier nanoTime) {
    this.tables = tables;
    this.databases = databases;
    this.below = below;
    this.progress = progress;
    this.waiters = waiters;
    this.nanoTime = nanoTime;
    lastClean = nanoTime.getAsLong();
    thread = Thread.ofPlatform().name("quicksilver-gateway-status").daemon().unstarted(this::run);
  }

  /** Begins; once. */
  public void start() {
    thread.start();
  }

  private void run() {
    long nextRound = nanoTime.getAsLong();
    long rounds = 0;
    while (!closed) {
      try {
        answer();
        long began = nanoTime.getAsLong();
        if (began - nextRound >= 0) {
          round(began, ++rounds);
          long took = nanoTime.getAsLong() - began;
          nextRound = began + ROUND;
          if (waiters.isWatched()) {
            nextRound = began + Math.max(WATCHED_ROUND, 5 * took);
          }
        }
        waiters.await(nextRound - nanoTime.getAsLong());
        if (waiters.isWatched()) {
          nextRound = Math.min(nextRound, nanoTime.getAsLong() + WATCHED_ROUND);
        }
      } catch (InterruptedException e) {
        return; // closed
      } catch (DataAccessException | IllegalStateException e) {
        // PostgreSQL or a database went away; the sequencer says so, and this goes on with it.
        LOG.debug("Cannot publish the status", e);
        writtenFor = 0;
        progress.slot(progress.isSynchronous(), -1);
        nextRound = nanoTime.getAsLong() + ROUND;
      } catch (RuntimeException e) {
        LOG.warn("Cannot publish the status; trying again", e);
        writtenFor = 0;
        nextRound = nanoTime.getAsLong() + ROUND;
      }
    }
  }

  private void answer() {
    int holder = progress.holder();
    if (holder == 0) {
      return;
    }
    List<Waiters.Question> questions = waiters.answerable(progress.status().position().lsn());
    for (Waiters.Question question : questions) {
      Map<String, OptionalLong> answer = new HashMap<>();
      for (Database database : databases.all()) {
        answer.put(database.identity().name(), LogPositions.sequenceAt(database, question.lsn()));
      }
      tables.answer(question.id(), answer);
    }
  }

  private void round(long now, long number) {
    StatusTables.Slot slot = tables.slot();
    progress.slot(slot.synchronous(), slot.retainedWal());
    int holder = progress.holder();
    if (holder == 0 || slot.holder() != holder) {
      return;
    }
    if (holder != writtenFor) {
      // Another PostgreSQL, or one that has crashed and lost what was written.
      sequenced.clear();
      heard.values().forEach(node -> node.written = null);
      tables.expectReplicas();
      writtenFor = holder;
    }
    writeSequenced(now);
    writeReplicas(now, number);
    if (now - lastClean >= CLEAN) {
      lastClean = now;
      tables.clean();
    }
  }

  private void writeSequenced(long now) {
    List<SequencedRow> rows = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Database database : databases.all()) {
      Head head = database.head();
      String name = database.identity().name();
      names.add(name);
      SequencedRow row =
          new SequencedRow(
              name,
              database.identity().id(),
              head.lastSequence(),
              head.commitTime(),
              head.contentDigest());
      Written<SequencedRow> last = sequenced.get(name);
      if (last == null || !last.row().equals(row) || now - last.at() >= REFRESH) {
        rows.add(row);
      }
    }
    if (!rows.isEmpty()) {
      tables.writeSequenced(rows);
      rows.forEach(row -> sequenced.put(row.database(), new Written<>(row, now)));
    }
    sequenced.keySet().retainAll(names);
  }

  private void writeReplicas(long now, long number) {
    for (List<NodeBelow> nodes : below.nodes().values()) {
      for (NodeBelow node : nodes) {
        Heard last = heard.computeIfAbsent(Key.of(node), _ -> new Heard(node, now));
        last.again(node, now);
        last.round = number;
      }
    }
    heard.values().removeIf(node -> node.round != number);
    List<Heard> due = new ArrayList<>();
    heard.values().stream()
        .filter(Heard::hasChanged)
        .sorted(
            Comparator.comparingLong(
                node -> node.written == null ? Long.MIN_VALUE : node.writtenAt - now))
        .limit(MOST_ROWS)
        .forEach(due::add);
    heard.values().stream()
        .filter(node -> !node.hasChanged() && node.isOld(now))
        .sorted(Comparator.comparingLong(node -> node.writtenAt - now))
        .limit(MOST_ROWS - due.size())
        .forEach(due::add);
    if (due.isEmpty()) {
      return;
    }
    tables.writeReplicas(
        due.stream()
            .map(
                row ->
                    new ReplicaRow(
                        row.node, below.lagMicros(row.node.ack()), (now - row.at) / 1_000))
            .toList());
    for (Heard node : due) {
      node.written = node.node;
      node.writtenAt = now;
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    Threads.join(thread);
  }
}
