package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Acks;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.storage.ChainHash;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.ErrorCode;
import dev.quicksilver.storage.FailPoint;
import dev.quicksilver.storage.Head;
import dev.quicksilver.storage.StorageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one database: a state machine with one method a state, run by one platform thread.
 *
 * <pre>
 * CONNECTING ──accepted──▶ STREAMING ──End──▶ ENDED
 *   ▲  │  ▲                 │  │ └──contradiction──▶ DIVERGED
 *   │  │  └────failure──────┘  │
 *   │  └─all failed─▶ BACKING_OFF        final refusal, from any ──▶ REFUSED
 *   └──────────────────┘                 close(), from any ──▶ STOPPED
 * </pre>
 */
final class DatabaseFollower implements AutoCloseable {
  /** Told on the follower's thread how far it is. */
  @FunctionalInterface
  interface Progress {
    void at(Database database, boolean caughtUp);
  }

  /** Told once when the follower will not go on by itself. */
  @FunctionalInterface
  interface Failed {
    void with(ReplicaFailure failure);
  }

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseFollower.class);
  private static final long ACK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String name;
  private final Optional<UUID> expectedId;
  private final ReplicationConfig config;
  private final DatabaseSet databases;
  private final Subtree subtree;
  private final Progress progress;
  private final Failed failed;
  private final Ticker ticker;
  private final UpstreamList upstreams;
  private final BackOff backOff;
  private final CommitPacer pacer;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stopped = lock.newCondition();
  private FollowerState state = FollowerState.CONNECTING;
  private String reason = "start";
  private boolean stop;
  private @Nullable UpstreamLink link;

  private UpstreamLink.@Nullable Session session;
  private @Nullable BlockReceiver receiver;
  private long nextAck;
  private volatile String upstreamName = "";
  private volatile long upstreamSequence;
  private volatile @Nullable Head durable;
  private volatile Optional<Refusal> refusal = Optional.empty();
  private final AtomicLong commits = new AtomicLong();
  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong receivedBytes = new AtomicLong();

  DatabaseFollower(
      String name,
      Optional<UUID> expectedId,
      ReplicationConfig config,
      DatabaseSet databases,
      Subtree subtree,
      Progress progress,
      Failed failed,
      Ticker ticker) {
    this.name = name;
    this.expectedId = expectedId;
    this.config = config;
    this.databases = databases;
    this.subtree = subtree;
    this.progress = progress;
    this.failed = failed;
    this.ticker = ticker;
    this.upstreams = new UpstreamList(config.upstreams());
    this.backOff =
        new BackOff(
            config.minBackOff(),
            config.maxBackOff(),
            () -> ThreadLocalRandom.current().nextDouble());
    this.pacer = new CommitPacer(config.window(), config.maxTransactionBytes());
    databases.get(name).ifPresent(database -> durable = database.head());
    this.thread = Thread.ofPlatform().name("follow-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      while (true) {
        switch (state()) {
          case CONNECTING -> connect();
          case STREAMING -> stream();
          case BACKING_OFF -> pause(backOff.next());
          case REFUSED -> refused();
          case DIVERGED, ENDED -> rest();
          case STOPPED -> {
            return;
          }
        }
      }
    } catch (RuntimeException | Error e) {
      LOG.error("following database {} failed", name, e);
      disconnect(false);
      become(FollowerState.REFUSED, "internal error: " + e);
      failed.with(new ReplicaFailure(name, FollowerState.REFUSED, "internal error: " + e));
    }
  }

  private FollowerState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  /** The only way from one state to another. STOPPED is never left. */
  private void become(FollowerState next, String why) {
    lock.lock();
    try {
      if (state == FollowerState.STOPPED) {
        return;
      }
      if (state != next) {
        LOG.info("database {}: {} to {}: {}", name, state, next, why);
      }
      state = stop ? FollowerState.STOPPED : next;
      reason = why;
    } finally {
      lock.unlock();
    }
  }

  // CONNECTING

  private void connect() {
    Upstream upstream = upstreams.current();
    UpstreamLink fresh = new UpstreamLink(upstream);
    lock.lock();
    try {
      if (stop) {
        state = FollowerState.STOPPED;
        return;
      }
      link = fresh;
    } finally {
      lock.unlock();
    }
    try {
      Optional<Database> local = databases.get(name);
      UpstreamLink.Session opened = fresh.open(hello(local), config.silence());
      Database database = local.orElseGet(() -> databases.create(identityOf(opened)));
      durable = database.head();
      session = opened;
      receiver = new BlockReceiver(database, pacer);
      upstreamName = opened.server().node();
      upstreamSequence = opened.server().database().lastSequence();
      refusal = Optional.empty();
      connections.incrementAndGet();
      nextAck = ticker.nanos();
      become(FollowerState.STREAMING, "accepted by " + upstreamName + " at " + upstream);
      progress.at(database, caughtUp());
    } catch (RefusedException e) {
      disconnect(false);
      refusedBy(upstream, examine(e.refusal()));
    } catch (StorageException e) {
      storageFailed(e);
    } catch (IOException e) {
      disconnect(false);
      nextUpstream("upstream " + upstream + ": " + e.getMessage());
    }
  }

  private static DatabaseIdentity identityOf(UpstreamLink.Session opened) {
    return opened.server().database().identity();
  }

  private ClientHello hello(Optional<Database> local) {
    Optional<Head> head = local.map(Database::head);
    UUID id =
        local
            .map(database -> database.identity().id())
            .or(() -> expectedId)
            .orElse(Protocol.ANY_DATABASE);
    return new ClientHello(
        Protocol.MIN_VERSION,
        Protocol.MAX_VERSION,
        config.node().processId(),
        Purpose.FOLLOW,
        false,
        Protocol.CODEC_SNAPPY,
        id,
        head.map(Head::lastSequence).orElse(0L),
        head.map(Head::chainHash).orElse(Protocol.NO_HASH),
        config.stopSequences().getOrDefault(name, 0L),
        name,
        config.node().name(),
        config.node().location());
  }

  /**
   * An upstream that seems to be behind may in truth have another history: only this side can tell.
   */
  private Refusal examine(Refusal given) {
    Optional<Database> local = databases.get(name);
    if (given.code() != RefusalCode.UPSTREAM_BEHIND || local.isEmpty()) {
      return given;
    }
    try {
      ChainHash ours = local.get().chainHashAt(given.lastSequence());
      return ours.equals(given.chainHash()) ? given : fork(given, ours.toString());
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      boolean known = given.lastSequence() + 1 >= local.get().head().oldestSequence();
      return known ? fork(given, "no end of a transaction there") : given;
    }
  }

  private Refusal fork(Refusal given, String ours) {
    return new Refusal(
        RefusalCode.FORK,
        given.oldestSequence(),
        given.lastSequence(),
        given.chainHash(),
        "the upstream's history of database \""
            + name
            + "\" is not this node's: at sequence "
            + given.lastSequence()
            + " it has chain hash "
            + given.chainHash()
            + ", this node "
            + ours
            + "; find out which is right, then remove the wrong node's copy");
  }

  private void refusedBy(Upstream upstream, Refusal given) {
    refusal = Optional.of(given);
    String why = "upstream " + upstream + " refused: " + given.code() + ": " + given.message();
    boolean nobodyHasIt =
        given.code() == RefusalCode.SNAPSHOT_NEEDED && upstreams.lacksHistory(given);
    // A database that was dropped and created again has another id until the catalog, which alone
    // says what is right, has caught up here or there. Its own id is checked when it is followed.
    boolean superseded =
        given.code() == RefusalCode.WRONG_DATABASE && !name.equals(CatalogEntry.CATALOG);
    if ((given.code().isFinal() && !superseded) || nobodyHasIt) {
      become(FollowerState.REFUSED, why);
      if (!config.stayUpWhenRefused()) {
        failed.with(new ReplicaFailure(name, FollowerState.REFUSED, why));
      }
      return;
    }
    nextUpstream(why);
  }

  private void nextUpstream(String why) {
    become(upstreams.advance() ? FollowerState.CONNECTING : FollowerState.BACKING_OFF, why);
  }

  // STREAMING

  private void stream() {
    UpstreamLink.Session current = session;
    BlockReceiver blocks = receiver;
    if (current == null || blocks == null) {
      throw new IllegalStateException("streaming without a connection");
    }
    try {
      step(current, blocks);
    } catch (RefusedException e) {
      disconnect(true);
      refusedBy(upstreams.current(), e.refusal());
    } catch (StorageException e) {
      storageFailed(e);
    } catch (IOException e) {
      disconnect(true);
      nextUpstream("connection to " + upstreamName + " lost: " + e.getMessage());
    }
  }

  private void step(UpstreamLink.Session current, BlockReceiver blocks) throws IOException {
    long now = ticker.nanos();
    long wait = Math.max(0, nextAck - now);
    if (blocks.pending()) {
      wait = Math.min(wait, pacer.remaining(now));
    }
    switch (current.queue().poll(wait)) {
      case null -> {}
      case BlockStart start -> {
        blocks.apply(start.header(), () -> nextOfBlock(current));
        upstreamSequence = Math.max(upstreamSequence, start.header().lastSequence());
      }
      case Heartbeat beat -> {
        upstreamSequence = beat.lastSequence();
        backOff.reset();
        report(blocks);
      }
      case Refusal given -> throw new RefusedException(given);
      case End end -> {
        ended(end, blocks);
        return;
      }
      case Message other ->
          throw new ProtocolException("an unexpected message of type " + MessageCodec.type(other));
    }
    if (blocks.pending() && pacer.remaining(ticker.nanos()) == 0) {
      commit(blocks);
      sendAcks(current);
    }
    acksIfDue(current);
  }

  private void ended(End end, BlockReceiver blocks) {
    commit(blocks);
    disconnect(false);
    if (end.reason() == EndReason.DATABASE_DROPPED) {
      nextUpstream("database dropped at " + upstreamName);
    } else {
      become(FollowerState.ENDED, "stopped at sequence " + end.lastSequence() + " as configured");
    }
  }

  /** A large block takes its time: acks go on meanwhile. */
  private Message nextOfBlock(UpstreamLink.Session current) throws IOException {
    while (true) {
      Message message = current.queue().poll(Math.max(0, nextAck - ticker.nanos()));
      acksIfDue(current);
      if (message != null) {
        return message;
      }
    }
  }

  private void commit(BlockReceiver blocks) {
    if (!blocks.pending()) {
      return;
    }
    durable = blocks.commit(ticker.nanos());
    commits.incrementAndGet();
    backOff.reset();
    report(blocks);
  }

  private void report(BlockReceiver blocks) {
    if (!blocks.pending()) {
      progress.at(blocks.database(), caughtUp());
    }
  }

  private boolean caughtUp() {
    Head head = durable;
    return head != null && head.lastSequence() >= upstreamSequence;
  }

  private void acksIfDue(UpstreamLink.Session current) throws IOException {
    if (nextAck - ticker.nanos() <= 0) {
      sendAcks(current);
    }
  }

  private void sendAcks(UpstreamLink.Session current) throws IOException {
    Head head = durable;
    List<NodeAck> acks = new ArrayList<>();
    acks.add(
        new NodeAck(
            config.node().name(),
            config.node().location(),
            upstreamName,
            head == null ? 0 : head.lastSequence()));
    acks.addAll(subtree.acks(name));
    FailPoint.hit("replica.before-ack");
    current
        .out()
        .write(
            new Acks(
                acks.size() > Protocol.MAX_ITEMS ? acks.subList(0, Protocol.MAX_ITEMS) : acks));
    current.out().flush();
    nextAck = ticker.nanos() + ACK_NANOS;
  }

  private void storageFailed(StorageException e) {
    disconnect(false);
    if (e.code() == ErrorCode.DIVERGED) {
      String why =
          "database \""
              + name
              + "\" diverged from upstream "
              + upstreamName
              + ": "
              + e.getMessage()
              + "; it serves what it has. Compare both nodes, then remove the wrong copy";
      become(FollowerState.DIVERGED, why);
      LOG.error("{}", why);
      failed.with(new ReplicaFailure(name, FollowerState.DIVERGED, why));
      return;
    }
    LOG.error("database {}: {} {}", name, e.code(), e.getMessage(), e);
    nextUpstream(e.code() + ": " + e.getMessage());
  }

  /** Leaves the connection; whole blocks that are already applied may still be made durable. */
  private void disconnect(boolean keepApplied) {
    BlockReceiver blocks = receiver;
    if (blocks != null) {
      try (blocks) {
        if (keepApplied) {
          commit(blocks);
        }
      } catch (StorageException e) {
        LOG.error("database {}: the last blocks were not kept: {}", name, e.getMessage());
      }
    }
    receiver = null;
    session = null;
    lock.lock();
    try {
      if (link != null) {
        receivedBytes.addAndGet(link.receivedBytes());
        link.close();
        link = null;
      }
    } finally {
      lock.unlock();
    }
  }

  // BACKING_OFF, REFUSED, DIVERGED, ENDED

  private void pause(long nanos) {
    if (!stoppedWithin(nanos)) {
      become(FollowerState.CONNECTING, "after a pause of " + nanos / 1_000_000 + " ms");
    }
  }

  private void refused() {
    if (!config.stayUpWhenRefused()) {
      rest();
    } else if (!stoppedWithin(backOff.longest())) {
      upstreams.startRound();
      become(FollowerState.CONNECTING, "asking again after a final refusal");
    }
  }

  private void rest() {
    while (!stoppedWithin(TimeUnit.HOURS.toNanos(1))) {
      LOG.debug("database {} rests", name);
    }
  }

  private boolean stoppedWithin(long nanos) {
    lock.lock();
    try {
      long left = nanos;
      while (!stop && left > 0) {
        left = stopped.awaitNanos(left);
      }
      if (stop) {
        state = FollowerState.STOPPED;
      }
      return stop;
    } catch (InterruptedException e) {
      stop = true;
      state = FollowerState.STOPPED;
      return true;
    } finally {
      lock.unlock();
    }
  }

  DatabaseStatus status() {
    Head head = durable;
    lock.lock();
    try {
      return new DatabaseStatus(
          name,
          state,
          reason,
          upstreamName,
          head == null ? 0 : head.lastSequence(),
          upstreamSequence,
          head == null ? 0 : head.commitTime(),
          refusal,
          commits.get(),
          connections.get(),
          receivedBytes.get() + (link == null ? 0 : link.receivedBytes()),
          subtree.acks(name));
    } finally {
      lock.unlock();
    }
  }

  /** Stops and waits for the thread; what is applied in whole blocks is committed. */
  @Override
  public void close() {
    lock.lock();
    try {
      stop = true;
      stopped.signalAll();
      if (link != null) {
        link.close();
      }
    } finally {
      lock.unlock();
    }
    if (!Thread.currentThread().equals(thread)) {
      boolean interrupted = false;
      while (true) {
        try {
          thread.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
