package dev.quicksilver.replication;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the set of databases and of their followers what the catalog says. A database is dropped
 * only when the catalog has caught up with its upstream: an old or empty copy of the catalog must
 * not take good data away. Thread-safe.
 */
final class CatalogWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogWatcher.class);

  private final DatabaseSet databases;
  private final Function<DatabaseIdentity, DatabaseFollower> newFollower;
  private final Map<String, DatabaseFollower> followers = new TreeMap<>();
  private long seenSequence = -1;
  private boolean seenCaughtUp;
  private boolean closed;

  /** The function makes a follower that is not started. */
  CatalogWatcher(DatabaseSet databases, Function<DatabaseIdentity, DatabaseFollower> newFollower) {
    this.databases = databases;
    this.newFollower = newFollower;
  }

  /** Looks at the catalog if it has changed since the last look. */
  synchronized void look(Database catalog, boolean caughtUp) {
    long sequence = catalog.head().lastSequence();
    if (closed || (sequence == seenSequence && caughtUp == seenCaughtUp)) {
      return;
    }
    Map<String, DatabaseIdentity> wanted;
    try {
      wanted = read(catalog);
    } catch (IOException e) {
      LOG.error("{}; the databases stay as they are until the catalog changes", e.getMessage());
      seenSequence = sequence;
      seenCaughtUp = caughtUp;
      return;
    }
    if (caughtUp && sequence > 0) {
      dropOthers(wanted);
    }
    wanted.values().forEach(this::follow);
    seenSequence = sequence;
    seenCaughtUp = caughtUp;
  }

  private static Map<String, DatabaseIdentity> read(Database catalog) throws IOException {
    Map<String, DatabaseIdentity> wanted = new TreeMap<>();
    try (Snapshot snapshot = catalog.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        DatabaseIdentity identity = CatalogPair.decode(scan.key(), scan.value()).identity();
        if (!identity.name().equals(CatalogPair.CATALOG)) {
          wanted.put(identity.name(), identity);
        }
      }
    }
    return wanted;
  }

  private void dropOthers(Map<String, DatabaseIdentity> wanted) {
    for (Database database : List.copyOf(databases.all())) {
      DatabaseIdentity identity = database.identity();
      DatabaseIdentity now = wanted.get(identity.name());
      boolean stays = now != null && now.id().equals(identity.id());
      if (!stays && !identity.name().equals(CatalogPair.CATALOG)) {
        LOG.info("database {} ({}) was dropped centrally", identity.name(), identity.id());
        DatabaseFollower follower = followers.remove(identity.name());
        if (follower != null) {
          follower.close();
        }
        databases.drop(identity.name());
      }
    }
  }

  private void follow(DatabaseIdentity identity) {
    if (followers.containsKey(identity.name())) {
      return;
    }
    Optional<Database> local = databases.get(identity.name());
    if (local.isEmpty()) {
      databases.create(identity);
    } else if (!local.get().identity().id().equals(identity.id())) {
      LOG.info(
          "database {} here is an earlier one ({}); it stays until the catalog has caught up",
          identity.name(),
          local.get().identity().id());
      return;
    }
    DatabaseFollower follower = newFollower.apply(identity);
    followers.put(identity.name(), follower);
    follower.start();
  }

  synchronized List<DatabaseStatus> status() {
    return followers.values().stream().map(DatabaseFollower::status).toList();
  }

  /** Returns what is reported of each to the nodes above. */
  synchronized List<NodeAck> acks() {
    return followers.values().stream().map(DatabaseFollower::ack).toList();
  }

  /** Returns whether there is a follower that was told so. */
  synchronized boolean copyAnew(String name) {
    DatabaseFollower follower = followers.get(name);
    if (follower == null) {
      return false;
    }
    follower.copyAnew();
    return true;
  }

  @Override
  public void close() {
    List<DatabaseFollower> all;
    synchronized (this) {
      closed = true;
      all = new ArrayList<>(followers.values());
    }
    all.forEach(DatabaseFollower::close);
  }
}
