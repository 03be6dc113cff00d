package dev.quicksilver.replication;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the set of databases and of their followers what the catalog says. A database is dropped
 * only when the catalog has caught up with its upstream: an old or empty copy of the catalog must
 * not take good data away. One entry that cannot be read, or one database that cannot be made,
 * keeps no other from being followed; {@link #problem} says so. Thread-safe.
 */
final class CatalogWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogWatcher.class);

  private final DatabaseSet databases;
  private final Function<DatabaseIdentity, DatabaseFollower> newFollower;
  private final Map<String, DatabaseFollower> followers = new TreeMap<>();
  private long seenSequence = -1;
  private boolean seenCaughtUp;
  private boolean closed;
  private List<String> problems = List.of();

  /** What can be read of the catalog, and what is wrong with the rest. */
  private record Listing(Map<String, DatabaseIdentity> wanted, List<String> problems) {}

  /** The function makes a follower that is not started. */
  CatalogWatcher(DatabaseSet databases, Function<DatabaseIdentity, DatabaseFollower> newFollower) {
    this.databases = databases;
    this.newFollower = newFollower;
  }

  /** Looks at the catalog if it has changed since the last look, or if that brought no end. */
  synchronized void look(Database catalog, boolean caughtUp) {
    if (closed) {
      return;
    }
    long sequence;
    Listing listing;
    try {
      sequence = catalog.head().lastSequence();
      if (sequence == seenSequence && caughtUp == seenCaughtUp) {
        return;
      }
      listing = read(catalog);
    } catch (StorageException e) {
      unreadable(e);
      return;
    }
    List<String> failed = new ArrayList<>();
    if (caughtUp && sequence > 0 && listing.problems().isEmpty()) {
      dropOthers(listing.wanted(), failed);
    }
    listing.wanted().values().forEach(identity -> follow(identity, failed));
    if (failed.isEmpty()) {
      seenSequence = sequence;
      seenCaughtUp = caughtUp;
    }
    failed.addAll(listing.problems());
    report(failed);
  }

  /** Follows what is here, by the ids that it has itself. */
  synchronized void unreadable(StorageException e) {
    List<String> failed = new ArrayList<>();
    failed.add(
        "the catalog cannot be read ("
            + e.code()
            + ": "
            + e.getMessage()
            + "): the databases that are here are followed, none is made or dropped; quicksilver"
            + " copy-anew "
            + CatalogPair.CATALOG
            + " replaces the catalog's copy");
    for (Database database : List.copyOf(databases.all())) {
      if (!database.identity().name().equals(CatalogPair.CATALOG)) {
        follow(database.identity(), failed);
      }
    }
    report(failed);
  }

  private void report(List<String> now) {
    now.stream().filter(problem -> !problems.contains(problem)).forEach(LOG::error);
    problems = List.copyOf(now);
  }

  /** Returns why not all databases are what the catalog says; empty if they are. */
  synchronized Optional<String> problem() {
    return problems.isEmpty()
        ? Optional.empty()
        : Optional.of(
            problems.getFirst()
                + (problems.size() == 1 ? "" : " (and " + (problems.size() - 1) + " more)"));
  }

  private static Listing read(Database catalog) {
    Map<String, DatabaseIdentity> wanted = new TreeMap<>();
    List<String> unreadable = new ArrayList<>();
    try (Snapshot snapshot = catalog.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        if (!CatalogPair.isOfDatabase(scan.key())) {
          continue;
        }
        try {
          DatabaseIdentity identity = CatalogPair.decode(scan.key(), scan.value()).identity();
          if (!identity.name().equals(CatalogPair.CATALOG)) {
            wanted.put(identity.name(), identity);
          }
        } catch (IOException e) {
          unreadable.add(
              e.getMessage()
                  + ": it is not followed, and nothing is dropped meanwhile; is the root newer than"
                  + " this node?");
        }
      }
    }
    return new Listing(wanted, unreadable);
  }

  private void dropOthers(Map<String, DatabaseIdentity> wanted, List<String> failed) {
    for (Database database : List.copyOf(databases.all())) {
      DatabaseIdentity identity = database.identity();
      DatabaseIdentity now = wanted.get(identity.name());
      boolean stays = now != null && now.id().equals(identity.id());
      if (!stays && !identity.name().equals(CatalogPair.CATALOG)) {
        LOG.info("database {} ({}) was dropped centrally", identity.name(), identity.id());
        drop(identity.name(), failed);
      }
    }
    for (String name : databases.damaged().keySet()) {
      if (!wanted.containsKey(name) && !name.equals(CatalogPair.CATALOG)) {
        LOG.info("database {}, whose copy is damaged, was dropped centrally", name);
        drop(name, failed);
      }
    }
  }

  private void drop(String name, List<String> failed) {
    DatabaseFollower follower = followers.remove(name);
    if (follower != null) {
      follower.close();
    }
    attempt("dropped", name, failed, () -> databases.drop(name));
  }

  private void follow(DatabaseIdentity identity, List<String> failed) {
    if (!followers.containsKey(identity.name())) {
      attempt("followed", identity.name(), failed, () -> follow(identity));
    }
  }

  private static void attempt(String what, String name, List<String> failed, Runnable action) {
    try {
      action.run();
    } catch (StorageException e) {
      failed.add(
          "database \"" + name + "\" cannot be " + what + ": " + e.code() + ": " + e.getMessage());
    }
  }

  private void follow(DatabaseIdentity identity) {
    Optional<Database> local = databases.get(identity.name());
    if (local.isEmpty() && databases.damage(identity.name()).isEmpty()) {
      databases.create(identity);
    } else if (local.isPresent() && !local.get().identity().id().equals(identity.id())) {
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

  /** Returns for how long each has done nothing although something is due. */
  synchronized Map<String, Duration> silences() {
    return followers.values().stream()
        .collect(Collectors.toMap(DatabaseFollower::name, DatabaseFollower::silence));
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
