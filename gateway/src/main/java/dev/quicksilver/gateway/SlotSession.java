package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.GatewayStatus.State;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Position;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One time after the other: connect, check that it is safe, stream until the connection is lost.
 */
final class SlotSession {
  private static final Logger LOG = LoggerFactory.getLogger(SlotSession.class);
  private static final long QUEUE_BYTES = 16L << 20;

  private final GatewayConfig config;
  private final DatabaseSet databases;
  private final Progress progress;
  private final Waiters waiters;
  private final BooleanSupplier closing;
  private final CentralDatabase central;
  private final LongSupplier nanoTime;
  private volatile @Nullable MessageQueue current;
  private volatile @Nullable ReplicationConnection opened;
  private volatile @Nullable FirstStart first;
  private boolean streamed;
  private int lastHolder;

  SlotSession(
      GatewayConfig config,
      DatabaseSet databases,
      Progress progress,
      Waiters waiters,
      CentralDatabase central,
      LongSupplier nanoTime,
      BooleanSupplier closing) {
    this.config = config;
    this.databases = databases;
    this.progress = progress;
    this.closing = closing;
    this.waiters = waiters;
    this.central = central;
    this.nanoTime = nanoTime;
  }

  /** True if the last run got as far as streaming. */
  boolean hasStreamed() {
    return streamed;
  }

  /**
   * Of a slot that is in use: the process of PostgreSQL that served this node before and still
   * holds it, which is told to end; 0 if it is held for another node.
   */
  int ownHolder() {
    int holder = central.holder();
    if (holder == 0 || holder != lastHolder) {
      return 0;
    }
    central.terminate(holder);
    return holder;
  }

  /** Lets a run that waits for messages see that it is to stop; from any thread. */
  void wake() {
    MessageQueue queue = current;
    if (queue != null) {
      queue.end(new CancellationException("closing"));
    }
    ReplicationConnection connection = opened;
    if (queue == null && connection != null) {
      // It may be waiting for a slot to be made, which can take for ever.
      connection.close();
    }
    FirstStart copying = first;
    if (copying != null) {
      copying.close();
    }
  }

  /**
   * Streams until {@code closing}.
   *
   * @throws GatewayException if it is not safe to go on
   * @throws Exception if the connection is lost or the slot is in use: try again
   */
  void run() throws Exception {
    streamed = false;
    try (ReplicationConnection connection = open()) {
      central.checkServer(connection.server());
      ReplicationConnection.Identity source = connection.identify();
      UUID cluster = central.checkSetup();
      opened = connection;
      if (databases.get(DatabaseSet.CATALOG).isPresent()) {
        checkCluster(cluster);
      }
      if (!CommitSchedule.furthest(databases).equals(Position.NONE)) {
        checkSource(source);
      }
      copyIfDue(connection, source, cluster);
      Position held = CommitSchedule.furthest(databases);
      CentralDatabase.Slot slot = central.slot().orElseThrow(() -> central.slotMissing(held));
      central.checkUsable(slot, held);
      if (slot.canFailOver() && !slot.failsOver()) {
        connection.keepOnStandbys(central.slotName());
      }
      PGReplicationStream stream = connection.stream(central.slotName(), config.publication());
      // Nobody else can confirm from here on.
      Position position = CommitSchedule.furthest(databases);
      central.checkSlot(central.slot().orElseThrow(() -> central.slotMissing(position)), position);
      streamed = true;
      stream(source, connection, stream, position);
    } finally {
      opened = null;
    }
  }

  private ReplicationConnection open() throws SQLException {
    try {
      return ReplicationConnection.open(config);
    } catch (SQLException e) {
      if ("53300".equals(e.getSQLState())) {
        central.checkSenders();
      }
      // What the driver takes for a standby may be a primary on which nothing is to be written.
      Optional<String> role = ReplicationConnection.readOnlyPrimary(config);
      if (role.isPresent()) {
        throw CentralDatabase.readOnly(role.get());
      }
      throw e;
    }
  }

  private void copyIfDue(
      ReplicationConnection connection, ReplicationConnection.Identity source, UUID cluster)
      throws SQLException, IOException {
    try (FirstStart firstStart = new FirstStart(config, databases, central, progress)) {
      firstStart.requireCatalog();
      if (firstStart.isDue()) {
        first = firstStart;
        progress.state(State.COPYING);
        firstStart.run(connection, source, cluster);
      }
    } finally {
      first = null;
    }
  }

  private void checkCluster(UUID cluster) {
    UUID ours = databases.get(DatabaseSet.CATALOG).orElseThrow().identity().id();
    if (!ours.equals(cluster)) {
      throw new GatewayException(
          ErrorCode.WRONG_CLUSTER,
          "this node holds cluster "
              + ours
              + " but the central PostgreSQL is cluster "
              + cluster
              + "; give the right URL or the right data directory, an empty one if that cluster was"
              + " begun anew");
    }
  }

  private void checkSource(ReplicationConnection.Identity source) {
    Position position = CommitSchedule.furthest(databases);
    if (position.systemId() != source.systemId()) {
      throw new GatewayException(
          ErrorCode.WRONG_SYSTEM,
          "this node's position was read from PostgreSQL system "
              + Long.toUnsignedString(position.systemId())
              + " but the central PostgreSQL is "
              + Long.toUnsignedString(source.systemId())
              + "; it was made anew or is another one: give the right URL; if there is none, "
              + CentralDatabase.BEGIN_ANEW);
    }
    if (!source.history().contains(position.timeline(), position.lsn())) {
      throw new GatewayException(
          ErrorCode.TIMELINE_FORKED,
          "the central PostgreSQL is on timeline "
              + source.history().current()
              + ", which does not contain this node's position "
              + Position.formatLsn(position.lsn())
              + " on timeline "
              + position.timeline()
              + ": it was restored or promoted without the last writes; use the PostgreSQL that has"
              + " them; if there is none, "
              + CentralDatabase.BEGIN_ANEW);
    }
  }

  private void stream(
      ReplicationConnection.Identity source,
      ReplicationConnection connection,
      PGReplicationStream stream,
      Position position)
      throws Exception {
    MessageQueue queue = new MessageQueue(QUEUE_BYTES, nanoTime);
    current = queue;
    SlotReader slotReader = new SlotReader(stream, queue, progress, nanoTime);
    Thread reader =
        Thread.ofPlatform().name("quicksilver-gateway-reader").daemon().start(slotReader);
    int pid = connection.pid();
    StreamWatch watch =
        new StreamWatch(central, progress, slotReader, pid, config.silence(), nanoTime, queue::end);
    try (OpenTransactions transactions = new OpenTransactions(databases)) {
      Sequencer sequencer = new Sequencer(databases, transactions, source, waiters);
      progress.durable(position, 0, 0);
      central.noteSlot();
      lastHolder = pid;
      progress.holder(pid);
      progress.state(State.STREAMING);
      LOG.info("Holding the slot {}, from {}", central.slotName(), position);
      new CommitSchedule(
              config, source, transactions, sequencer, progress, waiters, nanoTime, position.lsn())
          .run(queue, stream, closing);
    } finally {
      current = null;
      progress.holder(0);
      waiters.forget();
      queue.close();
      connection.close();
      watch.close();
      reader.join();
    }
  }
}
