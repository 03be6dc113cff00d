package dev.quicksilver.cli.command;

import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;

/**
 * The following of a replica, which can begin anew in another way while all that is here is served.
 * Thread-safe.
 */
final class LiveReplica implements AutoCloseable {
  private final NodeParts node;
  private volatile Replica replica;
  private boolean closed;

  /** Begins to follow. */
  LiveReplica(NodeParts node, ReplicationConfig how) {
    this.node = node;
    this.replica = Replica.start(how, node.databases, node.subtree);
  }

  /** Returns what follows now. */
  Replica now() {
    return replica;
  }

  /**
   * Follows in another way.
   *
   * @throws dev.quicksilver.replication.ReplicationException if that is not allowed; then it goes
   *     on as before
   */
  synchronized void follow(ReplicationConfig other) {
    if (closed) {
      return;
    }
    other.checkUpstreams();
    replica.close();
    replica = Replica.start(other, node.databases, node.subtree);
  }

  @Override
  public synchronized void close() {
    closed = true;
    replica.close();
  }
}
