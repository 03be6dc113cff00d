package dev.quicksilver.edge;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which generation of one database is read, and whether it may be: looked at when somebody asks for
 * that. To know what was seen last costs one volatile read. Safe for all threads.
 */
final class GenerationInUse implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GenerationInUse.class);

  /** Readers are promised a look every 100 ms; who looks does so every 20 ms at most. */
  private static final long DUE_NANOS = TimeUnit.MILLISECONDS.toNanos(80);

  private final FollowedDatabases followed;
  private final String name;
  private final ReentrantLock change = new ReentrantLock();
  private FollowedDatabases.View view; // guarded by the lock, as is the next one
  private boolean closed;
  private String problem = "";
  private volatile long lookedAt;
  private volatile Place place;

  private GenerationInUse(FollowedDatabases followed, String name) {
    this.followed = followed;
    this.name = name;
    this.view = followed.viewNow();
    this.lookedAt = System.nanoTime();
    this.place = placeIn(view);
  }

  /**
   * Takes what follows the database, and closes it with itself.
   *
   * @throws StorageException if the database cannot be read, or must not be; then all is closed
   */
  static GenerationInUse of(FollowedDatabases followed, String name) {
    try {
      GenerationInUse made = new GenerationInUse(followed, name);
      if (made.place instanceof Place.Refused) {
        made.view.close();
      }
      made.place.database();
      return made;
    } catch (StorageException e) {
      followed.close();
      throw e;
    }
  }

  /** Returns what was seen last: the same object until that is something else. */
  Place place() {
    return place;
  }

  /** Returns a snapshot of the newest commit of the generation in use. */
  Snapshot snapshot() {
    lookIfDue();
    while (true) {
      Place now = place;
      try {
        return now.database().snapshot();
      } catch (StorageException e) {
        // Another thread has moved on between the two lines above: read from where it went.
        if (e.code() != ErrorCode.NOT_FOUND || now.equals(place)) {
          throw e;
        }
      }
    }
  }

  /**
   * Looks if nobody has for long. Waits for nobody: while another thread looks, what was seen
   * before counts; and that counts too if the directory cannot be read.
   */
  void lookIfDue() {
    if (System.nanoTime() - lookedAt < DUE_NANOS || !change.tryLock()) {
      return;
    }
    try {
      look();
      problem = "";
    } catch (StorageException e) {
      lookedAt = System.nanoTime();
      if (!problem.equals(e.getMessage())) {
        problem = String.valueOf(e.getMessage());
        LOG.warn("which generation of {} is in use cannot be seen: {}", name, problem);
      }
    } finally {
      change.unlock();
    }
  }

  /** Looks now. */
  void look() {
    change.lock();
    try {
      if (closed) {
        return;
      }
      FollowedDatabases.View before = view;
      view = followed.viewNow();
      lookedAt = System.nanoTime();
      Place seen = placeIn(view);
      if (!seen.equals(place)) {
        place = seen;
      }
      before.close(); // what was replaced closes with the last snapshot of it
    } finally {
      change.unlock();
    }
  }

  private Place placeIn(FollowedDatabases.View now) {
    StorageException unopened = now.unopened().get(name);
    if (unopened != null) {
      return new Place.Refused(unopened.code(), String.valueOf(unopened.getMessage()));
    }
    Optional<Followed> found = now.find(name);
    if (found.isEmpty()) {
      return new Place.Refused(
          ErrorCode.NOT_FOUND,
          "there is no database \"" + name + "\" here: was it created, or dropped?");
    }
    Optional<String> withheld = found.get().withheld();
    if (withheld.isPresent()) {
      StorageException why = DatabaseDirectory.notServed(name, withheld.get());
      return new Place.Refused(why.code(), String.valueOf(why.getMessage()));
    }
    return new Place.Served(found.get());
  }

  /** Has every read that begins from now on refused. */
  void refuse() {
    change.lock();
    try {
      closed = true;
      place =
          new Place.Refused(
              ErrorCode.NOT_FOUND, "the reader of database \"" + name + "\" is closed");
    } finally {
      change.unlock();
    }
  }

  /** Closes the database, with the last snapshot of it. */
  @Override
  public void close() {
    refuse();
    change.lock();
    try {
      view.close();
    } finally {
      change.unlock();
    }
    followed.close();
  }
}
