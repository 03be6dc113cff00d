package dev.quicksilver.edge.resp;

import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sees commits of the process that writes, which can tell nobody, by looking at the newest one of
 * each database while a client waits for any. For one thread.
 */
final class CommitWatch {
  /** A commit of one generation. */
  private record Commit(Followed followed, long number) {}

  private final FollowedDatabases databases;
  private final List<EventLoop> loops;
  private final Map<String, Commit> seen = new HashMap<>();

  CommitWatch(FollowedDatabases databases, List<EventLoop> loops) {
    this.databases = databases;
    this.loops = loops;
  }

  /** Whether commits are to be looked for often. */
  boolean isWanted() {
    return loops.stream().anyMatch(EventLoop::watches);
  }

  /** Tells the loops of each database with a commit that is news. */
  void look() {
    if (!isWanted()) {
      seen.clear(); // who waits from now on has looked for itself
      return;
    }
    try (FollowedDatabases.View view = databases.viewAsSeen()) {
      view.databases()
          .forEach(
              (name, followed) -> {
                var now = new Commit(followed, followed.database().newestCommit());
                Commit before = seen.put(name, now);
                if (!now.equals(before)) {
                  loops.stream().filter(EventLoop::watches).forEach(loop -> loop.committed(name));
                }
              });
    }
  }
}
