package dev.quicksilver.replication;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import java.io.IOException;
import java.util.Optional;

/** Asks upstreams for the log of one database. For the follower's thread. */
final class StreamOpener {
  private final FollowerParts parts;
  private final OwnHistory history;
  private final FollowerCounters counters;
  private final UpstreamStream.Well well;
  private final Completing completing;
  private final CommitPacer pacer;

  StreamOpener(
      FollowerParts parts,
      OwnHistory history,
      FollowerCounters counters,
      UpstreamStream.Well well) {
    this.parts = parts;
    this.history = history;
    this.counters = counters;
    this.well = well;
    ReplicationConfig config = parts.config();
    this.completing = new Completing(parts.databases(), config.standby(), parts.ticker());
    this.pacer = new CommitPacer(config.window(), config.maxTransactionBytes());
  }

  /**
   * Connects and exchanges hellos.
   *
   * @param local the copy to go on with; if there is none, an empty one is made
   * @throws RefusedException if the upstream refuses, or turns out to have another history
   */
  UpstreamStream open(UpstreamLink link, Optional<Database> local) throws IOException {
    UpstreamLink.Session session;
    try {
      session = link.open(history.hello(local), parts.config().silence());
    } catch (RefusedException e) {
      throw new RefusedException(history.examine(e.refusal()));
    }
    DatabaseSet databases = parts.databases();
    Database database =
        local.orElseGet(() -> databases.create(session.server().database().identity()));
    counters.opened(database);
    return new UpstreamStream(
        link,
        session,
        database,
        pacer,
        parts.reports(),
        counters,
        completing,
        well,
        parts.ticker());
  }
}
