package dev.quicksilver.replication;

import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Keeps a set of databases equal to an upstream's: follows the catalog, and each database that the
 * catalog names. Thread-safe. Reading the databases goes on whatever happens here, and nothing that
 * an upstream says ends it: what is refused is asked for again, see {@link #status}.
 */
public final class Replica implements AutoCloseable {
  private final FollowerParts parts;
  private final CatalogWatcher watcher;
  private final DatabaseFollower catalog;

  private Replica(ReplicationConfig config, DatabaseSet databases, Subtree subtree) {
    subtree.roots().pull();
    Reports reports =
        new Reports(
            config.node(),
            subtree,
            this::acks,
            config.scrape(),
            RootHeads.SYSTEM_CLOCK,
            Protocol.MAX_REPORTED);
    RefusalCounts refusals = new RefusalCounts(config.upstreams());
    this.parts =
        new FollowerParts(
            config,
            databases,
            reports,
            refusals,
            UpstreamProber.start(config, refusals),
            Ticker.SYSTEM);
    this.watcher = new CatalogWatcher(databases, this::follower);
    this.catalog =
        new DatabaseFollower(CatalogPair.CATALOG, config.catalogId(), parts, watcher::look);
  }

  /** Starts a node without followers of its own. */
  public static Replica start(ReplicationConfig config, DatabaseSet databases) {
    return start(config, databases, new Subtree());
  }

  /**
   * Starts a node; returns at once.
   *
   * @throws ReplicationException if an upstream is not on loopback and the transport is plain text
   * @param subtree what the process's {@link ReplicationServer} writes acks to
   */
  public static Replica start(ReplicationConfig config, DatabaseSet databases, Subtree subtree) {
    config.checkUpstreams();
    Replica replica = new Replica(config, databases, subtree);
    // What is here is followed even while no upstream answers.
    databases.get(CatalogPair.CATALOG).ifPresent(db -> replica.watcher.look(db, false));
    databases.damage(CatalogPair.CATALOG).ifPresent(replica.watcher::unreadable);
    replica.catalog.start();
    return replica;
  }

  private DatabaseFollower follower(DatabaseIdentity identity) {
    return new DatabaseFollower(identity.name(), Optional.of(identity.id()), parts, (_, _) -> {});
  }

  private List<NodeAck> acks() {
    List<NodeAck> result = new ArrayList<>();
    result.add(catalog.ack());
    result.addAll(watcher.acks());
    return result;
  }

  /** Returns how each database is followed, the catalog first, then by name. */
  public List<DatabaseStatus> status() {
    List<DatabaseStatus> result = new ArrayList<>();
    result.add(catalog.status());
    result.addAll(watcher.status());
    return List.copyOf(result);
  }

  /**
   * Returns for how long the following of each database has done nothing although something is due,
   * by the database's name: what tells a thread that hangs from one that waits.
   */
  public Map<String, Duration> silences() {
    Map<String, Duration> result = new TreeMap<>(watcher.silences());
    result.put(CatalogPair.CATALOG, catalog.silence());
    return result;
  }

  /**
   * Copies a database anew from a peer, also one that diverged or was refused for another history;
   * returns at once. What is here is served until the copy is verified and takes its place. Goes on
   * after a restart.
   *
   * @return whether a database of this name is followed
   */
  public boolean copyAnew(String database) {
    if (database.equals(CatalogPair.CATALOG)) {
      catalog.copyAnew();
      return true;
    }
    return watcher.copyAnew(database);
  }

  /**
   * Returns for how long the root has said nothing new to this process, directly or through relays,
   * in ns; empty if it never has.
   */
  public OptionalLong rootSilence() {
    return parts
        .reports()
        .subtree()
        .roots()
        .find(CatalogPair.CATALOG)
        .map(RootLag::silence)
        .orElse(OptionalLong.empty());
  }

  /** Returns how often each upstream has refused, with all codes, also those that never came. */
  public List<RefusalCount> refusals() {
    return parts.refusals().all();
  }

  /** Returns why the set of databases is not what the upstream's catalog says; empty if it is. */
  public Optional<String> problem() {
    return watcher.problem();
  }

  /** Stops following; returns when all threads have ended. The databases stay open. */
  @Override
  public void close() {
    parts.prober().close();
    watcher.close();
    catalog.close();
  }
}
