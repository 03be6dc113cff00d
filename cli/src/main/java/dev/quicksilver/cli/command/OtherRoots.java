package dev.quicksilver.cli.command;

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

/** A root that follows another one as a replica does, while that is the active one. */
final class OtherRoots implements Standby {
  private final NodeParts node;
  private final ReplicationConfig config;
  private volatile Optional<Replica> replica = Optional.empty();

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

  @Override
  public Optional<Following> follow() {
    return Optional.of(follow(config));
  }

  @Override
  public Optional<Following> listen() {
    List<Upstream> roots = config.upstreams().stream().filter(up -> !up.secondary()).toList();
    return roots.isEmpty()
        ? Optional.empty()
        : Optional.of(follow(config.withUpstreams(roots).withOnDivergence(DivergencePolicy.SERVE)));
  }

  private Following follow(ReplicationConfig how) {
    Replica started = Replica.start(how, node.databases, node.subtree);
    replica = Optional.of(started);
    return new Following() {
      private boolean closed;

      @Override
      public boolean isHeard() {
        return started.rootSilence().orElse(Long.MAX_VALUE) <= config.silence().toNanos()
            && started.status().stream()
                .filter(status -> status.database().equals(DatabaseSet.CATALOG))
                .anyMatch(OtherRoots::isOfARoot);
      }

      @Override
      public synchronized void close() {
        if (closed) {
          return; // another one may follow by now
        }
        closed = true;
        replica = Optional.empty();
        started.close();
        node.subtree.lead(); // or a follower, of another one, next
      }
    };
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
    return replica;
  }
}
