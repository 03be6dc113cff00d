package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Acks;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Heartbeat;
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
 *
 * CONNECTING ──no upstream's log reaches back, or a copy was begun──▶ COPYING
 * COPYING ──the copy is in use──▶ CONNECTING, ──no peer could go on──▶ BACKING_OFF
 * copyAnew(), from any but STOPPED ──▶ COPYING
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

  private final FollowerLife life;
  private final OwnHistory history;
  private final Bootstrap bootstrap;
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
    this.life = new FollowerLife(name);
    this.history = new OwnHistory(name, expectedId, config, databases);
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
    this.bootstrap =
        new Bootstrap(
            name,
            history,
            config,
            databases,
            life,
            ticker,
            bytes -> receivedBytes.addAndGet(bytes));
    databases.get(name).ifPresent(database -> durable = database.head());
    this.thread = Thread.ofPlatform().name("follow-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      while (true) {
        if (life.takeCopyAnew()) {
          beginAnew();
        }
        switch (life.now().state()) {
          case CONNECTING -> connect();
          case STREAMING -> stream();
          case COPYING -> copy();
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
      life.become(FollowerState.REFUSED, "internal error: " + e);
      failed.with(new ReplicaFailure(name, FollowerState.REFUSED, "internal error: " + e));
    }
  }

  // CONNECTING

  private void connect() {
    if (bootstrap.begun()) {
      life.become(FollowerState.COPYING, "goes on with the copy that was begun");
      return;
    }
    Upstream upstream = upstreams.current();
    UpstreamLink fresh = new UpstreamLink(upstream, config.transport());
    if (!life.hold(fresh)) {
      return;
    }
    try {
      Optional<Database> local = databases.get(name);
      UpstreamLink.Session opened = fresh.open(history.hello(local), config.silence());
      Database database = local.orElseGet(() -> databases.create(identityOf(opened)));
      durable = database.head();
      session = opened;
      receiver = new BlockReceiver(database, pacer);
      upstreamName = opened.server().node();
      upstreamSequence = opened.server().database().lastSequence();
      refusal = Optional.empty();
      connections.incrementAndGet();
      nextAck = ticker.nanos();
      life.become(FollowerState.STREAMING, "accepted by " + upstreamName + " at " + upstream);
      progress.at(database, caughtUp());
    } catch (RefusedException e) {
      disconnect(false);
      examined(upstream, e.refusal());
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

  private void examined(Upstream upstream, Refusal given) {
    try {
      refusedBy(upstream, history.examine(given));
    } catch (StorageException e) {
      storageFailed(e);
    }
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
    if (nobodyHasIt && !config.stopSequences().containsKey(name)) {
      life.become(FollowerState.COPYING, why);
      return;
    }
    if ((given.code().isFinal() && !superseded) || nobodyHasIt) {
      life.become(FollowerState.REFUSED, why);
      if (!config.stayUpWhenRefused()) {
        failed.with(new ReplicaFailure(name, FollowerState.REFUSED, why));
      }
      return;
    }
    nextUpstream(why);
  }

  private void nextUpstream(String why) {
    life.become(upstreams.advance() ? FollowerState.CONNECTING : FollowerState.BACKING_OFF, why);
  }

  // COPYING

  private void copy() {
    try {
      Bootstrap.Result result = bootstrap.run();
      upstreams.startRound();
      if (result.used()) {
        databases.get(name).ifPresent(database -> durable = database.head());
        refusal = Optional.empty();
        backOff.reset();
      }
      life.become(
          result.used() ? FollowerState.CONNECTING : FollowerState.BACKING_OFF, result.why());
    } catch (StorageException e) {
      storageFailed(e);
    }
  }

  private void beginAnew() {
    disconnect(false);
    try {
      bootstrap.anew();
      life.become(FollowerState.COPYING, "told to copy the database anew");
    } catch (StorageException e) {
      storageFailed(e);
    }
  }

  /** Copies the database anew, whatever state it is in; what is here is served until then. */
  void copyAnew() {
    life.copyAnew();
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
        blocks.caughtUp(beat.lastSequence());
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
      life.become(
          FollowerState.ENDED, "stopped at sequence " + end.lastSequence() + " as configured");
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
    durable = blocks.commit(ticker);
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
      life.become(FollowerState.DIVERGED, why);
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
    receivedBytes.addAndGet(life.release());
  }

  // BACKING_OFF, REFUSED, DIVERGED, ENDED

  private void pause(long nanos) {
    if (!life.stoppedWithin(nanos)) {
      life.become(FollowerState.CONNECTING, "after a pause of " + nanos / 1_000_000 + " ms");
    }
  }

  private void refused() {
    if (!config.stayUpWhenRefused()) {
      rest();
    } else if (!life.stoppedWithin(backOff.longest())) {
      upstreams.startRound();
      life.become(FollowerState.CONNECTING, "asking again after a final refusal");
    }
  }

  private void rest() {
    if (!life.stoppedWithin(TimeUnit.HOURS.toNanos(1))) {
      LOG.debug("database {} rests", name);
    }
  }

  DatabaseStatus status() {
    Head head = durable;
    FollowerLife.Now now = life.now();
    return new DatabaseStatus(
        name,
        now.state(),
        now.reason(),
        upstreamName,
        head == null ? 0 : head.lastSequence(),
        upstreamSequence,
        head == null ? 0 : head.commitTime(),
        refusal,
        commits.get(),
        connections.get(),
        receivedBytes.get() + life.receivedBytes(),
        subtree.acks(name),
        bootstrap.status());
  }

  /** Stops and waits for the thread; what is applied in whole blocks is committed. */
  @Override
  public void close() {
    life.stop();
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
