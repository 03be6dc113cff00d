package dev.quicksilver.replication;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.record.Head;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How far the following of one database is. Written by the follower's thread, read by any; each
 * figure for itself.
 */
final class FollowerCounters {
  private final AtomicLong commits = new AtomicLong();
  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong switches = new AtomicLong();
  private volatile String upstreamName = "";
  private volatile long upstreamSequence;
  private volatile UUID databaseId = Protocol.ANY_DATABASE;
  private volatile @Nullable Head durable;

  void opened(Database database) {
    databaseId = database.identity().id();
    durable = database.head();
  }

  void connected(String node, long lastSequence) {
    if (!upstreamName.isEmpty() && !upstreamName.equals(node)) {
      switches.incrementAndGet();
    }
    upstreamName = node;
    upstreamSequence = lastSequence;
    connections.incrementAndGet();
  }

  void upstreamAt(long lastSequence) {
    upstreamSequence = lastSequence;
  }

  void committed(Head head) {
    durable = head;
    commits.incrementAndGet();
  }

  /** Returns the name of the node that is, or was last, pulled from; empty before the first. */
  String upstreamName() {
    return upstreamName;
  }

  /** Returns the id of the copy; zero while there is none. */
  UUID databaseId() {
    return databaseId;
  }

  long upstreamSequence() {
    return upstreamSequence;
  }

  long durableSequence() {
    Head head = durable;
    return head == null ? 0 : head.lastSequence();
  }

  long durableCommitTime() {
    Head head = durable;
    return head == null ? 0 : head.commitTime();
  }

  /** Returns whether everything that the upstream is known to have is durable here. */
  boolean caughtUp() {
    Head head = durable;
    return head != null && head.lastSequence() >= upstreamSequence;
  }

  long commits() {
    return commits.get();
  }

  /** Returns how often another node was followed than before. */
  long switches() {
    return switches.get();
  }

  long connections() {
    return connections.get();
  }
}
