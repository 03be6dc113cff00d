package dev.quicksilver.bridge.catalog;

import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The replica's databases, each open once and read-only in this process, see {@link
 * FollowedDatabases}: a transaction asks the file system only about the databases that it reads.
 * Safe for all threads.
 */
public final class Replica implements AutoCloseable {
  private final FollowedDatabases databases;
  private final Freshness freshness;

  /** Reads the databases below a node's data directory, which may not exist yet. */
  public Replica(Path dataDirectory, StorageOptions options) {
    this(dataDirectory, options, System::nanoTime);
  }

  /** The same with a clock that says when to look at the directory again. */
  public Replica(Path dataDirectory, StorageOptions options, LongSupplier nanoClock) {
    this.freshness = new Freshness(dataDirectory, InstantSource.system());
    this.databases = new FollowedDatabases(dataDirectory, Optional.empty(), options, nanoClock);
  }

  /**
   * A view for one transaction; snapshots are taken when a database is first read.
   *
   * @param rights what it shows; all else is not there
   * @param judge whether a database is new enough to be read
   */
  public ReplicaView view(Rights rights, ReplicaView.Judge judge) {
    return new ReplicaView(this, databases.view(), rights, judge);
  }

  /** The databases themselves. */
  public FollowedDatabases databases() {
    return databases;
  }

  /** How far behind they are. */
  public Freshness freshness() {
    return freshness;
  }

  /** Closes all databases; views must be closed before. */
  @Override
  public void close() {
    databases.close();
  }
}
