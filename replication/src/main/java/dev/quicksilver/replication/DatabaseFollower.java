package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.ErrorCode;
import dev.quicksilver.storage.StorageException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one database: a state machine with one method a state, run by one platform thread.
 *
 * <pre>
 * CONNECTING ──accepted──▶ STREAMING ──End──▶ ENDED
 *   ▲  │  ▲                 │  │ └──contradiction──▶ DIVERGED (──▶ COPYING if so configured)
 *   │  │  └────failure──────┘  │
 *   │  └─all failed─▶ BACKING_OFF        nobody left to ask ──▶ REFUSED
 *   └──────────────────┘                 close(), from any ──▶ STOPPED
 *
 * REFUSED, DIVERGED ──at a slow pace──▶ CONNECTING; an internal error, from any ──▶ BACKING_OFF
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

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final Logger LOG = LoggerFactory.getLogger(DatabaseFollower.class);

  private final String name;
  private final ReplicationConfig config;
  private final DatabaseSet databases;
  private final Reports reports;
  private final Progress progress;
  private final RefusalCounts refusals;
  private final Ticker ticker;
  private final UpstreamList upstreams;
  private final BackOff backOff;
  private final CommitPacer pacer;
  private final Thread thread;

  private final FollowerLife life;
  private final OwnHistory history;
  private final Bootstrap bootstrap;
  private final UpstreamWatch watch;
  private final Divergence divergence;
  private final Completing completing;
  private long nextLook;
  private final FollowerCounters counters = new FollowerCounters();
  private @Nullable UpstreamStream stream;
  private volatile Optional<Refusal> refusal = Optional.empty();

  DatabaseFollower(
      String name,
      Optional<UUID> expectedId,
      ReplicationConfig config,
      DatabaseSet databases,
      Reports reports,
      Progress progress,
      RefusalCounts refusals,
      UpstreamProber prober,
      Ticker ticker) {
    this.name = name;
    this.life = new FollowerLife(name, ticker);
    this.history = new OwnHistory(name, expectedId, config, databases);
    this.config = config;
    this.databases = databases;
    this.reports = reports;
    this.progress = progress;
    this.refusals = refusals;
    this.ticker = ticker;
    DoubleSupplier random = () -> ThreadLocalRandom.current().nextDouble();
    this.upstreams =
        new UpstreamList(config.upstreams(), new SlowPace(config.askAgain(), random), ticker);
    this.watch = new UpstreamWatch(name, config, prober, upstreams, history, ticker);
    this.divergence = new Divergence(name, config.onDivergence(), databases, ticker);
    this.backOff = new BackOff(config.minBackOff(), config.maxBackOff(), random);
    this.completing = new Completing(databases, config.standby(), ticker);
    this.pacer = new CommitPacer(config.window(), config.maxTransactionBytes());
    this.bootstrap =
        new Bootstrap(name, history, config, databases, life, ticker, counters::received, refusals);
    databases.get(name).ifPresent(counters::opened);
    this.thread = Thread.ofPlatform().name("follow-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (life.now().state() != FollowerState.STOPPED) {
      try {
        turn();
      } catch (RuntimeException | Error e) {
        broke(e);
      }
    }
    disconnect(true);
  }

  private void turn() {
    if (life.takeCopyAnew()) {
      beginAnew("told to copy the database anew");
    }
    switch (life.now().state()) {
      case CONNECTING -> connect();
      case STREAMING -> stream();
      case COPYING -> copy();
      case BACKING_OFF -> pause();
      case REFUSED -> refused();
      case DIVERGED -> diverged();
      case ENDED -> rest();
      case STOPPED -> {}
    }
  }

  /** A bug, or too little memory: whatever an upstream has sent, it is not the end. */
  private void broke(Throwable e) {
    LOG.error("following database {} failed and is tried again", name, e);
    try {
      disconnect(false);
    } catch (RuntimeException again) {
      LOG.error("database {}: the connection was not left cleanly", name, again);
      stream = null;
      counters.received(life.release());
    }
    String why = "internal error: " + e + "; the log says where";
    watch.left(upstreams.current(), true);
    upstreams.leaveOut(upstreams.current(), why);
    life.become(FollowerState.BACKING_OFF, why);
  }

  // CONNECTING

  private void connect() {
    if (bootstrap.begun()) {
      life.become(FollowerState.COPYING, "goes on with the copy that was begun");
      return;
    }
    Upstream upstream = upstreams.current();
    Optional<StorageException> damage = databases.damage(name);
    if (damage.isPresent()) {
      replace(upstream, damage.get());
      return;
    }
    UpstreamLink fresh = new UpstreamLink(upstream, config.transport());
    if (!life.hold(fresh)) {
      return;
    }
    try {
      Optional<Database> local = databases.get(name);
      UpstreamLink.Session opened = fresh.open(history.hello(local), config.silence());
      Database database = local.orElseGet(() -> databases.create(identityOf(opened)));
      counters.opened(database);
      stream = streamOf(upstream, fresh, opened, database);
      life.become(
          FollowerState.STREAMING, "accepted by " + counters.upstreamName() + " at " + upstream);
      progress.at(database, counters.caughtUp());
    } catch (RefusedException e) {
      disconnect(false);
      examined(upstream, e.refusal());
    } catch (StorageException e) {
      storageFailed(e);
    } catch (IOException e) {
      disconnect(false);
      failed(upstream, "upstream " + upstream + ": " + e.getMessage());
    }
  }

  /** What cannot even be opened serves nobody: nothing is lost by another copy. */
  private void replace(Upstream upstream, StorageException damage) {
    String why = damage.code() + ": " + damage.getMessage();
    if (name.equals(CatalogPair.CATALOG)) {
      // Its id is not known any more: another cluster's catalog would have all databases dropped.
      failed(upstream, why + "; quicksilver copy-anew " + name + " replaces it");
    } else {
      beginAnew("its copy cannot be opened (" + why + ") and is copied anew");
    }
  }

  private UpstreamStream streamOf(
      Upstream upstream, UpstreamLink link, UpstreamLink.Session opened, Database database) {
    String node = opened.server().node();
    long lastSequence = opened.server().database().lastSequence();
    upstreams.answered(upstream, UpstreamStatus.Result.FOLLOWED, node, lastSequence);
    refusal = upstreams.standing();
    counters.connected(node, lastSequence);
    watch.followed(lastSequence);
    return new UpstreamStream(
        link, opened, database, pacer, reports, counters, completing, this::well, ticker);
  }

  private void well(Database database) {
    backOff.reset();
    divergence.well(counters.commits());
    progress.at(database, counters.caughtUp());
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
    refusals.add(upstream, given.code());
    refusal = Optional.of(given);
    String why = "upstream " + upstream + " refused: " + given.code() + ": " + given.message();
    boolean isFinal = isFinal(given);
    if (isFinal && !upstreams.hasRefused(upstream, given.code())) {
      LOG.warn("database {}: {}", name, why);
    }
    switch (upstreams.refused(given, isFinal)) {
      case NEXT -> nextUpstream(why);
      case NO_HISTORY -> {
        if (config.stopSequences().containsKey(name)) {
          upstreams.leaveOut(upstream, why);
          life.become(FollowerState.REFUSED, why);
        } else if (divergence.waits()) {
          upstreams.leaveOut(upstream, why);
          life.become(FollowerState.DIVERGED, divergence.contradiction() + "; and now " + why);
        } else {
          life.become(FollowerState.COPYING, why);
        }
      }
      case NOBODY -> life.become(FollowerState.REFUSED, why);
    }
  }

  private boolean isFinal(Refusal given) {
    // A database that was dropped and created again has another id until the catalog, which alone
    // says what is right, has caught up here or there. Its own id is checked when it is followed.
    boolean superseded =
        given.code() == RefusalCode.WRONG_DATABASE && !name.equals(CatalogPair.CATALOG);
    return given.code().isFinal() && !superseded;
  }

  private void failed(Upstream upstream, String why) {
    upstreams.failed(upstream, why);
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
        databases.get(name).ifPresent(counters::opened);
        divergence.replaced();
        refusal = Optional.empty();
        backOff.reset();
      }
      life.become(
          result.used() ? FollowerState.CONNECTING : FollowerState.BACKING_OFF, result.why());
    } catch (StorageException e) {
      storageFailed(e);
    }
  }

  private void beginAnew(String why) {
    disconnect(false);
    try {
      bootstrap.anew();
      life.become(FollowerState.COPYING, why);
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
    UpstreamStream current = stream;
    if (current == null) {
      throw new IllegalStateException("streaming without a connection");
    }
    try {
      End end = current.step();
      if (end != null) {
        ended(end);
      } else {
        reconsider(current);
      }
    } catch (RefusedException e) {
      disconnect(true);
      watch.left(upstreams.current(), true);
      refusedBy(upstreams.current(), e.refusal());
    } catch (StorageException e) {
      storageFailed(e);
    } catch (IOException e) {
      disconnect(true);
      watch.left(upstreams.current(), true);
      failed(
          upstreams.current(),
          "connection to " + counters.upstreamName() + " lost: " + e.getMessage());
    }
  }

  private void reconsider(UpstreamStream current) {
    long now = ticker.nanos();
    if (now - nextLook < 0) {
      return;
    }
    nextLook = now + LOOK_NANOS;
    watch
        .look(current.database(), counters.upstreamSequence())
        .ifPresent(move -> moveTo(current, move));
  }

  /** Goes on with another upstream; the one that serves is left only when that has accepted. */
  private void moveTo(UpstreamStream from, UpstreamHealth.Move move) {
    Upstream to = move.to();
    from.commit();
    UpstreamLink fresh = new UpstreamLink(to, config.transport());
    if (!life.hold(fresh)) {
      return;
    }
    try {
      UpstreamLink.Session opened =
          fresh.open(history.hello(Optional.of(from.database())), config.silence());
      String why = "moved from " + upstreams.current() + " to " + to + ": " + move.why();
      LOG.info("database {}: {}", name, why);
      from.close();
      counters.received(from.link().receivedBytes());
      if (move.left()) {
        watch.left(upstreams.current(), true);
      }
      upstreams.moveTo(to);
      stream = streamOf(to, fresh, opened, from.database());
      life.become(FollowerState.STREAMING, why);
      progress.at(from.database(), counters.caughtUp());
      return;
    } catch (RefusedException e) {
      Refusal given = history.examine(e.refusal());
      refusals.add(to, given.code());
      upstreams.refusedBy(to, given, isFinal(given));
      refusal = upstreams.standing();
    } catch (IOException e) {
      upstreams.failed(to, String.valueOf(e.getMessage()));
    }
    LOG.info("database {} stays with {}: {} did not accept it", name, upstreams.current(), to);
    fresh.close();
    watch.left(to, false);
    life.hold(from.link()); // if it is too late, the state is STOPPED now
  }

  private void ended(End end) {
    disconnect(false);
    if (end.reason() == EndReason.DATABASE_DROPPED) {
      failed(upstreams.current(), "database dropped at " + counters.upstreamName());
    } else {
      life.become(
          FollowerState.ENDED, "stopped at sequence " + end.lastSequence() + " as configured");
    }
  }

  private void storageFailed(StorageException e) {
    disconnect(false);
    if (e.code() == ErrorCode.DIVERGED) {
      watch.left(upstreams.current(), true);
      upstreams.leaveOut(upstreams.current(), e.code() + ": " + e.getMessage());
      String why =
          divergence.happened(
              counters.upstreamName(), String.valueOf(e.getMessage()), counters.commits());
      if (life.become(FollowerState.DIVERGED, why)) {
        LOG.error("{}", why);
      }
      return;
    }
    LOG.error("database {}: {} {}", name, e.code(), e.getMessage(), e);
    failed(upstreams.current(), e.code() + ": " + e.getMessage());
  }

  /** Leaves the connection; whole blocks that are already applied may still be made durable. */
  private void disconnect(boolean keepApplied) {
    UpstreamStream current = stream;
    if (current != null) {
      try (current) {
        if (keepApplied) {
          current.keepApplied();
        }
      }
    }
    stream = null;
    counters.received(life.release());
  }

  // BACKING_OFF, REFUSED, DIVERGED, ENDED

  private void pause() {
    askAgainAfter(Math.max(backOff.next(), upstreams.untilAsked()));
  }

  private void refused() {
    askAgainAfter(upstreams.untilAsked());
  }

  /** The upstream may be the wrong one, and be corrected; another one may know better. */
  private void diverged() {
    if (divergence.copies() && divergence.untilCopy() == 0) {
      divergence.copying();
      beginAnew("it diverged and copies the database anew, as configured");
      return;
    }
    long pause = upstreams.untilAsked();
    askAgainAfter(divergence.copies() ? Math.min(pause, divergence.untilCopy()) : pause);
  }

  /** Keeps the reason: until it is known whether it still holds, nobody knows a better one. */
  private void askAgainAfter(long nanos) {
    if (!life.stoppedWithin(nanos)) {
      upstreams.startRound();
      life.become(FollowerState.CONNECTING, life.now().reason());
    }
  }

  private void rest() {
    if (!life.stoppedWithin(TimeUnit.HOURS.toNanos(1))) {
      LOG.debug("database {} rests", name);
    }
  }

  DatabaseStatus status() {
    FollowerLife.Now now = life.now();
    Optional<RootLag> lag = reports.subtree().roots().find(name);
    return new DatabaseStatus(
        name,
        now.state(),
        now.reason(),
        counters.upstreamName(),
        counters.durableSequence(),
        counters.upstreamSequence(),
        counters.durableCommitTime(),
        refusal,
        counters.commits(),
        counters.connections(),
        counters.receivedBytes() + life.receivedBytes(),
        reports.subtree().acks(name),
        divergence.contradiction(),
        bootstrap.status(),
        upstreams.status(),
        lag.map(RootLag::rootSequence).orElse(0L),
        lag.map(RootLag::lagMicros).orElse(OptionalLong.empty()));
  }

  /** Returns what is reported to the nodes above. */
  NodeAck ack() {
    return reports.ack(name, life.now().state(), counters);
  }

  /** Stops and waits for the thread; what is applied in whole blocks is committed. */
  @Override
  public void close() {
    life.stop();
    if (!Thread.currentThread().equals(thread)) {
      Threads.join(thread);
    }
  }
}
