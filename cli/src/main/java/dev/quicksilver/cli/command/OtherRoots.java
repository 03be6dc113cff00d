package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.replication.DatabaseStatus;
import dev.quicksilver.replication.DivergencePolicy;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.RootRole;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.replication.UpstreamStatus;
import dev.quicksilver.storage.DatabaseSet;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A root that follows another one as a replica does, while that is the active one. */
final class OtherRoots implements Standby {
  private final NodeParts node;
  private volatile ReplicationConfig config;
  private volatile Optional<Live> live = Optional.empty();

  OtherRoots(NodeParts node, ReplicationConfig config) {
    this.node = node;
    this.config = config;
  }

  @Override
  public RootRole role() {
    return node.rootRole;
  }

  @Override
  public boolean hasOthers() {
    return true;
  }

  /**
   * Follows in another way from now on, whoever is followed at the moment.
   *
   * @throws dev.quicksilver.replication.ReplicationException if that is not allowed; then it goes
   *     on as before
   * @throws ConfigurationException if there is no other root any more; likewise
   */
  synchronized void follow(ReplicationConfig other) {
    if (roots(other).isEmpty()) {
      throw new ConfigurationException(
          Settings.REPLICATION_UPSTREAMS.key()
              + " names no other root, which changes what this one is: that is taken when it is"
              + " started again");
    }
    other.checkUpstreams();
    config = other;
    live.ifPresent(Live::again);
  }

  @Override
  public Optional<Following> follow() {
    return Optional.of(begin(how -> how));
  }

  @Override
  public Optional<Following> listen() {
    return roots(config).isEmpty()
        ? Optional.empty()
        : Optional.of(
            begin(how -> how.withUpstreams(roots(how)).withOnDivergence(DivergencePolicy.SERVE)));
  }

  private static List<Upstream> roots(ReplicationConfig how) {
    return how.upstreams().stream().filter(up -> !up.secondary()).toList();
  }

  private synchronized Live begin(UnaryOperator<ReplicationConfig> as) {
    Live begun = new Live(as);
    live = Optional.of(begun);
    return begun;
  }

  /** The following of another root until it is closed, which may begin anew meanwhile. */
  private final class Live implements Following {
    private final UnaryOperator<ReplicationConfig> as;
    private volatile Replica replica;
    private volatile long heardUntil = System.nanoTime();
    private boolean closed;

    Live(UnaryOperator<ReplicationConfig> as) {
      this.as = as;
      this.replica = start();
    }

    private Replica start() {
      return Replica.start(as.apply(config), node.databases, node.subtree);
    }

    synchronized void again() {
      if (!closed) {
        if (isHeard()) { // and is until the new one has had the time to hear of it
          heardUntil = System.nanoTime() + config.silence().toNanos();
        }
        replica.close();
        replica = start();
      }
    }

    @Override
    public boolean isHeard() {
      Replica now = replica;
      return System.nanoTime() - heardUntil < 0 || isHeardBy(now);
    }

    private boolean isHeardBy(Replica now) {
      return now.rootSilence().orElse(Long.MAX_VALUE) <= config.silence().toNanos()
          && now.status().stream()
              .filter(status -> status.database().equals(DatabaseSet.CATALOG))
              .anyMatch(OtherRoots::isOfARoot);
    }

    @Override
    public synchronized void close() {
      if (closed) {
        return; // another one may follow by now
      }
      closed = true;
      live = live.filter(each -> each != this);
      replica.close();
      node.subtree.lead(); // or a follower, of another one, next
    }
  }

  /** A secondary is no root: what comes from there says nothing of the active one. */
  private static boolean isOfARoot(DatabaseStatus catalog) {
    return catalog.state() == FollowerState.STREAMING
        && catalog.upstreams().stream()
            .filter(one -> one.result() == UpstreamStatus.Result.FOLLOWED)
            .noneMatch(one -> one.upstream().secondary());
  }

  /** What follows the active root now, if anything does. */
  Optional<Replica> replica() {
    return live.map(each -> each.replica);
  }
}
