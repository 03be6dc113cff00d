package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayStatus.State;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.sequence.CommitSchedule;
import dev.quicksilver.gateway.sequence.OpenTransactions;
import dev.quicksilver.gateway.sequence.Sequencer;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.gateway.wal.MessageQueue;
import dev.quicksilver.gateway.wal.SlotReader;
import dev.quicksilver.replication.RootRole.Standing;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.replication.Threads;
import dev.quicksilver.storage.record.Position;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.event.Level;

/**
 * This node holds the slot: it is the root. One thread reads the stream into the queue, one watches
 * that the stream is alive, and the session's own takes from the queue and commits.
 */
final class Sequencing implements SlotState, AutoCloseable {
  private static final long QUEUE_BYTES = 16L << 20;

  private final ReplicationConnection connection;
  private final int pid;
  private final PGReplicationStream stream;
  private final Position position;
  private final long since;
  private final Waiters waiters;
  private final OpenTransactions transactions;
  private final CommitSchedule schedule;
  private final MessageQueue queue;
  private final Standbys standbys;
  private final Thread reader;
  private final StreamWatch watch;
  private final DiskStall stall;

  /**
   * Starts to read and to watch.
   *
   * @param taken the connection that holds the slot
   * @param pid the process of PostgreSQL at its other end
   * @param position up to where this node has read
   */
  Sequencing(
      SessionParts parts, Taking taken, int pid, PGReplicationStream stream, Position position) {
    this.connection = taken.connection();
    this.pid = pid;
    this.stream = stream;
    this.position = position;
    this.since = parts.nanoTime().getAsLong();
    this.waiters = parts.waiters();
    transactions = new OpenTransactions();
    schedule =
        new CommitSchedule(
            parts.config(),
            taken.source(),
            parts.databases(),
            transactions,
            new Sequencer(
                parts.databases(),
                parts.databases().completeness(),
                transactions,
                taken.source(),
                waiters),
            parts.standbys(),
            parts.progress(),
            waiters,
            parts.nanoTime(),
            position.lsn());
    queue = new MessageQueue(QUEUE_BYTES, parts.nanoTime());
    SlotReader slotReader =
        new SlotReader(
            stream,
            queue,
            parts.progress(),
            parts.config().confirmAfter().isZero(),
            parts.nanoTime());
    standbys = parts.standbys();
    standbys.whenChanged(queue::nudge);
    reader = Thread.ofPlatform().name("quicksilver-gateway-reader").daemon().start(slotReader);
    watch =
        new StreamWatch(
            parts.central(),
            slotReader,
            pid,
            parts.config().silence(),
            parts.nanoTime(),
            queue::end);
    stall = new DiskStall(parts, schedule::workingFor, this::giveUp);
  }

  /** The slot shall have another root, although this one cannot do anything. */
  private void giveUp(Exception why) {
    queue.end(why);
    connection.close();
  }

  /** Lets the slot go once what has come in whole transactions is durable; from any thread. */
  void letGo() {
    queue.end(new Yielded());
  }

  /** Another root shall have the slot. */
  static final class Yielded extends CancellationException {
    private static final long serialVersionUID = 1;

    Yielded() {
      super("switch-over");
    }
  }

  /**
   * Sequences until {@code closing}.
   *
   * @throws Exception the reason for which the stream ended
   */
  void run(BooleanSupplier closing) throws Exception {
    schedule.run(queue, stream, closing);
  }

  /** For how long this has been at work on what came; zero while it waits for more. */
  Duration workingFor() {
    return Duration.ofNanos(schedule.workingFor());
  }

  /** Where this node was when it took the slot. */
  Position position() {
    return position;
  }

  /** Since when it holds the slot, in ns of the session's clock. */
  long since() {
    return since;
  }

  @Override
  public Optional<State> shown() {
    return Optional.of(State.STREAMING);
  }

  @Override
  public Optional<Standing> standing() {
    return Optional.of(Standing.ACTIVE);
  }

  @Override
  public Level level() {
    return Level.INFO;
  }

  @Override
  public int ownHolder() {
    return pid;
  }

  @Override
  public List<AutoCloseable> holds() {
    return List.of(this, connection);
  }

  /** Lets what is in whole transactions be committed and confirmed, so closes nothing yet. */
  @Override
  public void wake() {
    queue.end(new CancellationException("closing"));
  }

  /** Throws away what is not committed, and lets the slot go. */
  @Override
  public void close() {
    try {
      transactions.close();
    } finally {
      stall.close();
      standbys.whenChanged(() -> {});
      waiters.forget();
      queue.close();
      connection.close();
      watch.close();
      Threads.join(reader);
    }
  }
}
