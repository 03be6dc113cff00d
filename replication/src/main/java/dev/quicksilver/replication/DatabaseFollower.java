package dev.quicksilver.replication;

import dev.quicksilver.replication.FollowerPhase.Connecting;
import dev.quicksilver.replication.FollowerPhase.Copying;
import dev.quicksilver.replication.FollowerPhase.Diverged;
import dev.quicksilver.replication.FollowerPhase.Ended;
import dev.quicksilver.replication.FollowerPhase.Moving;
import dev.quicksilver.replication.FollowerPhase.Stopped;
import dev.quicksilver.replication.FollowerPhase.Streaming;
import dev.quicksilver.replication.FollowerPhase.Waiting;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.NextPhase.Step;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.ReaderProcess;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one database: does the work of each {@link FollowerPhase}, one method a phase, on a
 * platform thread of its own. A method ends by going where {@link NextPhase} says, or returns to be
 * called again.
 */
final class DatabaseFollower implements AutoCloseable {
  /** Told on the follower's thread how far it is. */
  @FunctionalInterface
  interface Progress {
    void at(Database database, boolean caughtUp);
  }

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long REST_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final Logger LOG = LoggerFactory.getLogger(DatabaseFollower.class);

  private final String name;
  private final ReplicationConfig config;
  private final DatabaseSet databases;
  private final FollowerParts parts;
  private final Progress progress;
  private final Ticker ticker;
  private final UpstreamList upstreams;
  private final UpstreamWatch watch;
  private final Divergence divergence;
  private final NextPhase next;
  private final FollowerLife life;
  private final StreamOpener opener;
  private final Bootstrap bootstrap;
  private final FollowerCounters counters = new FollowerCounters();
  private final Thread thread;
  private long nextOwnCopy;

  DatabaseFollower(String name, Optional<UUID> expectedId, FollowerParts parts, Progress progress) {
    this.name = name;
    this.parts = parts;
    this.progress = progress;
    this.config = parts.config();
    this.databases = parts.databases();
    this.ticker = parts.ticker();
    DoubleSupplier random = () -> ThreadLocalRandom.current().nextDouble();
    OwnHistory history = new OwnHistory(name, expectedId, config, databases);
    this.upstreams =
        new UpstreamList(config.upstreams(), new SlowPace(config.askAgain(), random), ticker);
    this.watch = new UpstreamWatch(name, config, parts.prober(), upstreams, history, ticker);
    this.divergence = new Divergence(name, config.onDivergence(), databases, ticker);
    this.next = new NextPhase(name, config, upstreams, divergence, random, ticker);
    this.life = new FollowerLife(name, ticker, next.connecting());
    this.bootstrap =
        new Bootstrap(name, history, config, databases, life, ticker, parts.refusals());
    this.opener = new StreamOpener(parts, history, counters, this::well);
    databases.get(name).ifPresent(counters::opened);
    this.nextOwnCopy = ticker.nanos();
    this.thread = Thread.ofPlatform().name("follow-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!life.isStopping()) {
      life.beat();
      try {
        turn();
      } catch (RuntimeException | Error e) {
        broke(e);
      }
    }
    try {
      if (life.now().phase() instanceof Streaming streaming) {
        streaming.stream().keepApplied();
      }
    } finally {
      life.end();
    }
  }

  private void turn() {
    try {
      if (life.takeCopyAnew()) {
        copyAnew("told to copy the database anew");
      } else {
        work(life.now().phase());
      }
    } catch (StorageException e) {
      storageFailed(e);
    }
  }

  private void work(FollowerPhase phase) {
    switch (phase) {
      case Connecting connecting -> connect(connecting);
      case Streaming streaming -> stream(streaming);
      case Moving moving -> moveOver(moving);
      case Copying copying -> follow(next.afterCopy(copy(copying)));
      case Diverged diverged when diverged.copies() -> replaceDiverged();
      case Waiting waiting -> askAgainAfter(waiting);
      case Ended _ -> life.waitUntil(ticker.nanos() + REST_NANOS);
      case Stopped stopped -> throw new IllegalStateException("no work is left in " + stopped);
    }
  }

  private boolean follow(Step step) {
    return life.move(step.to(), step.why());
  }

  private void broke(Throwable e) {
    LOG.error("following database {} failed and is tried again", name, e);
    watch.left(upstreams.current(), true);
    follow(next.afterError(e));
  }

  private void storageFailed(StorageException e) {
    if (e.code() == ErrorCode.DIVERGED) {
      watch.left(upstreams.current(), true);
      Step step = next.afterContradiction(counters.upstreamName(), e, counters.commits());
      if (follow(step)) {
        LOG.error("{}", step.why());
      }
      return;
    }
    LOG.error("database {}: {} {}", name, e.code(), e.getMessage(), e);
    follow(next.afterFailure(e.code() + ": " + e.getMessage()));
  }

  // Connecting

  private void connect(Connecting connecting) {
    if (bootstrap.begun()) {
      life.move(Copying.BEGUN, "goes on with the copy that was begun");
      return;
    }
    Optional<StorageException> damage = databases.damage(name);
    if (damage.isPresent()) {
      replaceDamaged(damage.get());
      return;
    }
    Upstream upstream = connecting.link().upstream();
    try {
      UpstreamStream stream = opener.open(connecting.link(), databases.get(name));
      Streaming streaming = accepted(stream);
      life.move(streaming, "accepted by " + counters.upstreamName() + " at " + upstream);
      progress.at(stream.database(), counters.caughtUp());
    } catch (RefusedException e) {
      refused(e.refusal());
    } catch (IOException e) {
      follow(next.afterFailure("upstream " + upstream + ": " + e.getMessage()));
    }
  }

  private Streaming accepted(UpstreamStream stream) {
    String node = stream.server().node();
    long lastSequence = stream.server().database().lastSequence();
    Upstream upstream = stream.link().upstream();
    upstreams.answered(upstream, UpstreamStatus.Result.FOLLOWED, node, lastSequence);
    counters.connected(node, lastSequence);
    watch.followed(lastSequence);
    return new Streaming(stream, ticker.nanos());
  }

  private void well(Database database) {
    next.well(counters.commits());
    progress.at(database, counters.caughtUp());
  }

  private void refused(Refusal given) {
    parts.refusals().add(upstreams.current(), given.code());
    follow(next.afterRefusal(given));
  }

  // Streaming, Moving

  private void stream(Streaming streaming) {
    try {
      End end = streaming.stream().step();
      if (end != null) {
        follow(next.afterEnd(end, counters.upstreamName()));
      } else if (ticker.nanos() - streaming.nextLook() >= 0) {
        reconsider(streaming.lookingAt(ticker.nanos() + LOOK_NANOS));
      }
    } catch (RefusedException e) {
      lost(streaming);
      refused(e.refusal());
    } catch (IOException e) {
      lost(streaming);
      follow(
          next.afterFailure(
              "connection to " + counters.upstreamName() + " lost: " + e.getMessage()));
    }
  }

  /** Whole blocks that are already applied may still be made durable. */
  private void lost(Streaming streaming) {
    streaming.stream().keepApplied();
    watch.left(upstreams.current(), true);
  }

  private void reconsider(Streaming streaming) {
    UpstreamStream stream = streaming.stream();
    Optional<ReaderProcess> hindering = stream.database().hindering();
    if (hindering.isPresent()
        && ticker.nanos() - nextOwnCopy >= 0
        && databases.diverged(name).isEmpty()) {
      leaveAlone(hindering.get(), stream);
      return;
    }
    Optional<UpstreamHealth.Move> move = watch.look(stream.database(), counters.upstreamSequence());
    if (move.isEmpty()) {
      life.goOn(streaming);
      return;
    }
    stream.commit();
    UpstreamLink link = new UpstreamLink(move.get().to(), config.transport());
    life.goOn(new Moving(streaming, move.get(), link));
  }

  private void moveOver(Moving moving) {
    Upstream from = upstreams.current();
    Upstream to = moving.link().upstream();
    Database database = moving.from().stream().database();
    try {
      UpstreamStream stream = opener.open(moving.link(), Optional.of(database));
      String why = "moved from " + from + " to " + to + ": " + moving.move().why();
      LOG.info("database {}: {}", name, why);
      if (moving.move().left()) {
        watch.left(from, true);
      }
      upstreams.moveTo(to);
      life.move(accepted(stream), why);
      progress.at(database, counters.caughtUp());
      return;
    } catch (RefusedException e) {
      parts.refusals().add(to, e.refusal().code());
      next.refusedBy(to, e.refusal());
    } catch (IOException e) {
      upstreams.failed(to, String.valueOf(e.getMessage()));
    }
    LOG.info("database {} stays with {}: {} did not accept it", name, from, to);
    watch.left(to, false);
    life.goOn(moving.from());
  }

  // Copying

  private Bootstrap.Result copy(Copying copying) {
    Bootstrap.Result result = bootstrap.run(copying);
    if (result.used()) {
      databases.get(name).ifPresent(counters::opened);
    }
    return result;
  }

  /**
   * A process that holds a snapshot for hours has the file grow. Its slot cannot be taken from it
   * (ADR 29), but it can be left alone with the file: a copy takes that one's place.
   */
  private void leaveAlone(ReaderProcess reader, UpstreamStream stream) {
    nextOwnCopy = ticker.nanos() + REST_NANOS;
    stream.commit();
    String why =
        "process "
            + reader.pid()
            + " has held a snapshot for "
            + reader.held()
            + " and the file has grown by "
            + (reader.grown() >> 20)
            + " MiB: a copy takes its place";
    LOG.warn("database {}: {}", name, why);
    life.move(Copying.BEGUN, why);
    Bootstrap.Result result = bootstrap.ofOwn(stream.database());
    databases.get(name).ifPresent(counters::opened);
    follow(result.used() ? next.afterCopy(result) : next.afterFailure(result.why()));
  }

  private void copyAnew(String why) {
    bootstrap.anew();
    life.move(Copying.BEGUN, why);
  }

  private void replaceDiverged() {
    divergence.copying();
    copyAnew("it diverged and copies the database anew, as configured");
  }

  /** What cannot even be opened serves nobody: nothing is lost by another copy. */
  private void replaceDamaged(StorageException damage) {
    String why = damage.code() + ": " + damage.getMessage();
    if (name.equals(CatalogPair.CATALOG)) {
      // Its id is not known any more: another cluster's catalog would have all databases dropped.
      follow(next.afterFailure(why + "; quicksilver copy-anew " + name + " replaces it"));
    } else {
      copyAnew("its copy cannot be opened (" + why + ") and is copied anew");
    }
  }

  // Waiting

  private void askAgainAfter(Waiting waiting) {
    life.waitUntil(waiting.until());
    if (!life.isStopping()) {
      life.goOn(next.afterWait());
    }
  }

  // For any thread

  /** Copies the database anew, whatever state it is in; what is here is served until then. */
  void copyAnew() {
    life.copyAnew();
  }

  String name() {
    return name;
  }

  /** Returns for how long its thread has done nothing although something is due. */
  Duration silence() {
    return life.silence();
  }

  DatabaseStatus status() {
    FollowerLife.Now now = life.now();
    Optional<RootLag> lag = parts.reports().subtree().roots().find(name);
    return new DatabaseStatus(
        name,
        now.state(),
        now.reason(),
        counters.upstreamName(),
        counters.durableSequence(),
        counters.upstreamSequence(),
        counters.durableCommitTime(),
        upstreams.refusal(),
        counters.commits(),
        counters.connections(),
        counters.switches(),
        life.receivedBytes(),
        parts.reports().subtree().acks(name),
        divergence.contradiction(),
        now.phase().copy(),
        upstreams.status(),
        lag.map(RootLag::rootSequence).orElse(0L),
        lag.map(RootLag::lagMicros).orElse(OptionalLong.empty()));
  }

  /** Returns what is reported to the nodes above. */
  NodeAck ack() {
    return parts.reports().ack(name, life.now().state(), counters);
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
