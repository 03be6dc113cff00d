package dev.quicksilver.edge;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Pair;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads one database of a node on this machine, straight from its memory-mapped file. Safe for all
 * threads.
 *
 * <p>Open a database once in a process: LMDB does not support an environment twice in one process,
 * so a program that runs the node itself must use the node's own {@code Database}.
 */
public final class EdgeReader implements AutoCloseable {
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(100);

  private final DatabaseDirectory directory;
  private final String name;
  private final StorageOptions options;
  private final LongSupplier nanoTime;
  private final AtomicLong nextLook;
  private final ReentrantLock change = new ReentrantLock();
  private volatile @Nullable Generation current;
  private volatile Optional<String> withheld = Optional.empty();
  private volatile boolean closed;

  private EdgeReader(
      DatabaseDirectory directory, String name, StorageOptions options, LongSupplier nanoTime) {
    this.directory = directory;
    this.name = name;
    this.options = options;
    this.nanoTime = nanoTime;
    this.nextLook = new AtomicLong(nanoTime.getAsLong());
  }

  /**
   * Opens a database.
   *
   * @param dataDirectory the node's data directory, {@code data.directory} in its configuration
   * @param name the database's name
   * @throws StorageException NOT_FOUND if the node has no such database (yet), DIVERGED if the node
   *     does not serve it, UNSUPPORTED if LMDB does not work there or from here
   */
  public static EdgeReader open(Path dataDirectory, String name) {
    return open(dataDirectory, name, StorageOptions.DEFAULT, System::nanoTime);
  }

  /** Opens a database with the storage options of the node. */
  public static EdgeReader open(Path dataDirectory, String name, StorageOptions options) {
    return open(dataDirectory, name, options, System::nanoTime);
  }

  static EdgeReader open(
      Path dataDirectory, String name, StorageOptions options, LongSupplier nanoTime) {
    EdgeReader reader =
        new EdgeReader(new DatabaseDirectory(dataDirectory), name, options, nanoTime);
    reader.look();
    return reader;
  }

  /**
   * Returns the pair of a key at the newest commit.
   *
   * @throws StorageException CORRUPT if the stored bytes do not match their checksum, NOT_FOUND if
   *     the database was dropped, DIVERGED if the node does not serve it any more
   */
  public Optional<Pair> get(byte[] key) {
    return read(snapshot -> Optional.ofNullable(snapshot.get(key)));
  }

  /**
   * Visits the pairs whose keys begin with a prefix, in the order of their keys, all of one commit.
   * The scan holds a snapshot: do not wait in the visitor.
   *
   * @param prefix every pair for an empty one
   * @return how many pairs were visited
   * @throws StorageException as {@link #get} does
   */
  public long scan(byte[] prefix, PairVisitor visitor) {
    return read(
        snapshot -> {
          long visited = 0;
          try (Scan scan = snapshot.scan(KeyRange.prefix(prefix), Direction.FORWARD)) {
            boolean more = true;
            while (more && scan.next()) {
              visited++;
              more =
                  visitor.visit(
                      new Pair(scan.key(), scan.value(), scan.sequence(), scan.commitTime()));
            }
          }
          return visited;
        });
  }

  /** Returns where the database stands: its last sequence, that entry's commit time and so on. */
  public Head head() {
    return read(Snapshot::head);
  }

  private <T> T read(Function<Snapshot, T> work) {
    long now = nanoTime.getAsLong();
    long due = nextLook.get();
    if (now - due >= 0 && nextLook.compareAndSet(due, now + LOOK_INTERVAL.toNanos())) {
      look();
    }
    while (true) {
      Generation generation = current();
      try (Snapshot snapshot = generation.database().snapshot()) {
        return work.apply(snapshot);
      } catch (StorageException e) {
        // Another thread has moved on between the two lines above: read from where it went.
        if (e.code() != ErrorCode.NOT_FOUND || generation.equals(current)) {
          throw e;
        }
      }
    }
  }

  private Generation current() {
    Generation generation = current;
    if (generation == null) {
      withheld.ifPresent(
          why -> {
            throw DatabaseDirectory.notServed(name, why);
          });
      throw new StorageException(
          ErrorCode.NOT_FOUND,
          closed
              ? "the reader of database \"" + name + "\" is closed"
              : "there is no database \"" + name + "\" here: was it created, or dropped?");
    }
    return generation;
  }

  /** Moves to the generation in use, if that is another one. */
  private void look() {
    change.lock();
    try {
      Generation before = current;
      withheld = closed ? Optional.empty() : directory.withheld(name);
      Optional<Generation.Identity> inUse =
          closed || withheld.isPresent() ? Optional.empty() : Generation.inUse(directory, name);
      if (before != null && inUse.filter(before.identity()::equals).isPresent()) {
        return;
      }
      current = opened(inUse).orElse(null);
      if (before != null) {
        before.close(); // its environment closes with the last read that is under way
      }
      if (!closed) {
        current();
      }
    } finally {
      change.unlock();
    }
  }

  /** A generation may be replaced and removed between the moment it is found and it is opened. */
  private Optional<Generation> opened(Optional<Generation.Identity> found) {
    directory.requireShareable();
    Optional<Generation.Identity> inUse = found;
    while (true) {
      try {
        return inUse.map(identity -> Generation.open(identity, options));
      } catch (StorageException e) {
        Optional<Generation.Identity> now = Generation.inUse(directory, name);
        if (now.equals(inUse)) {
          throw e;
        }
        inUse = now;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    look();
  }
}
