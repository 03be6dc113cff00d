package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.storage.Database;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Judges for one database what the probes of a node's upstreams bring, and says when another one
 * should be followed. One thread.
 */
final class UpstreamWatch {
  /** What was made of an upstream's answers so far. */
  private record Seen(long number, long ours) {}

  private final String name;
  private final UpstreamProber prober;
  private final UpstreamList upstreams;
  private final UpstreamHealth health;
  private final OwnHistory history;
  private final Ticker ticker;
  private final Map<Upstream, Seen> seen = new HashMap<>();
  private long acceptedAt;

  UpstreamWatch(
      String name,
      ReplicationConfig config,
      UpstreamProber prober,
      UpstreamList upstreams,
      OwnHistory history,
      Ticker ticker) {
    this.name = name;
    this.prober = prober;
    this.upstreams = upstreams;
    this.health = new UpstreamHealth(config.choice(), Upstream.inOrder(config.upstreams()));
    this.history = history;
    this.ticker = ticker;
  }

  /**
   * Notes that an upstream is followed from now on; only what is answered from now on counts.
   *
   * @param lastSequence what it had when it accepted this node
   */
  void followed(long lastSequence) {
    acceptedAt = lastSequence;
    health.followed(ticker.nanos());
    for (UpstreamStatus one : upstreams.status()) {
      long number = prober.last(one.upstream()).map(UpstreamProber.Answer::number).orElse(0L);
      seen.put(one.upstream(), new Seen(number, 0));
    }
  }

  /** Notes that an upstream that was followed, or that was to be, has failed. */
  void left(Upstream upstream, boolean wasFollowed) {
    health.left(upstream, ticker.nanos(), wasFollowed);
  }

  /** Looks at what has been answered since the last look, while an upstream is followed. */
  Optional<UpstreamHealth.Move> look(Database database, long known) {
    Upstream current = upstreams.current();
    long ours = database.head().lastSequence();
    for (UpstreamStatus one : upstreams.status()) {
      Seen before = seen.getOrDefault(one.upstream(), new Seen(0, 0));
      prober
          .last(one.upstream())
          .filter(answer -> answer.number() > before.number())
          .ifPresent(
              answer -> {
                seen.put(one.upstream(), new Seen(answer.number(), ours));
                judge(one.upstream(), answer, database, before.ours());
              });
    }
    return health.move(current, ticker.nanos(), ours, known, ours < acceptedAt);
  }

  private void judge(
      Upstream upstream, UpstreamProber.Answer answer, Database database, long oursBefore) {
    DatabaseInfo info = answer.databases().get(name);
    Optional<String> problem =
        answer.problem().isEmpty()
            ? problem(info, database, oursBefore)
            : Optional.of(answer.problem());
    if (problem.isPresent() || info == null) {
      upstreams.probed(upstream, 0, problem.orElse(""));
      health.unwell(upstream);
    } else {
      upstreams.probed(upstream, info.lastSequence(), "");
      health.well(upstream, ticker.nanos(), info.lastSequence(), database.head().lastSequence());
    }
  }

  /**
   * Says why an upstream could not serve this node. It may lag behind by as much as came between
   * two probes; whether one that is ahead has the same history, only following it will tell.
   */
  private Optional<String> problem(
      @Nullable DatabaseInfo info, Database database, long oursBefore) {
    if (info == null) {
      return Optional.of("it has no database \"" + name + "\"");
    }
    if (!info.identity().id().equals(database.identity().id())) {
      return Optional.of("its database has id " + info.identity().id());
    }
    if (info.lastSequence() < oursBefore) {
      return Optional.of("it is behind, at sequence " + info.lastSequence());
    }
    long ours = database.head().lastSequence();
    if (info.oldestSequence() > ours + 1) {
      return Optional.of("its log begins at sequence " + info.oldestSequence());
    }
    return info.lastSequence() <= ours && history.differs(database, info)
        ? Optional.of("it has another history, at sequence " + info.lastSequence())
        : Optional.empty();
  }
}
