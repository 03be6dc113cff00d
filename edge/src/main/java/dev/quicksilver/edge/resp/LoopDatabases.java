package dev.quicksilver.edge.resp;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import dev.quicksilver.storage.Snapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The databases as one loop reads them: at most one snapshot each, which is at the newest commit
 * whenever a socket has been read since, and let go when nobody asks. For the loop's thread.
 */
final class LoopDatabases implements AutoCloseable {
  private final FollowedDatabases followed;
  private final FreshnessWatch freshness;
  private final Supplier<List<String>> numbered;
  private final Map<String, Use> uses = new HashMap<>();
  private FollowedDatabases.View view;
  private long batch = 1;
  private boolean holding;
  private long unreadBefore;

  /** One of them. */
  static final class Use {
    final String name;
    final Followed followed;
    private final FollowedDatabases.View view;
    private @Nullable Snapshot snapshot;
    private long batch;

    Use(String name, Followed followed, FollowedDatabases.View view) {
      this.name = name;
      this.followed = followed;
      this.view = view;
    }
  }

  /**
   * Follows what others look for.
   *
   * @param numbered says which names the numbers stand for now, 0 first
   */
  LoopDatabases(
      FollowedDatabases followed, FreshnessWatch freshness, Supplier<List<String>> numbered) {
    this.followed = followed;
    this.freshness = freshness;
    this.numbered = numbered;
    this.view = followed.viewAsSeen();
  }

  /** Has all that is read from now on be as new as it is now. */
  void renew() {
    batch++;
    if (followed.generation() != view.generation()) {
      letGo();
      uses.clear();
      FollowedDatabases.View before = view;
      view = followed.viewAsSeen();
      before.close();
    }
  }

  /** Returns the newest commit of the database that a session has selected. */
  Snapshot selected(Session session) {
    return selected(session, session.mostAge);
  }

  /** The same for one request that allows another age; 0 for any. */
  Snapshot selected(Session session, long mostAge) {
    Use use = use(session);
    if (mostAge != 0) {
      freshness.require(use.name, mostAge);
      renew(); // what was judged is what is there from now on
      use = use(session);
    }
    return snapshot(use);
  }

  /** Returns the database that a session has selected. */
  Use use(Session session) {
    Use use = session.use;
    if (use == null || use.view != view) {
      String name = session.selected.orElseGet(() -> numbered(0, session));
      use = find(name, session);
      session.use = use;
    }
    return use;
  }

  Snapshot snapshot(Use use) {
    Snapshot snapshot = use.snapshot;
    if (use.followed.withheld().isPresent()) {
      throw DatabaseDirectory.notServed(use.name, use.followed.withheld().get());
    }
    if (snapshot == null) {
      snapshot = use.followed.database().snapshot();
      use.snapshot = snapshot;
      use.batch = batch;
      holding = true;
    } else if (use.batch != batch) {
      snapshot.renew();
      use.batch = batch;
    }
    return snapshot;
  }

  /** Returns a database by name; what a session may not read is not there for it. */
  Use find(String name, Session session) {
    Use known = uses.get(name);
    if (known == null) {
      Followed found = view.databases().get(name);
      if (found != null) {
        known = new Use(name, found, view);
        uses.put(name, known);
      }
    }
    if (known == null || !session.rights.allow(name)) {
      throw new RespException(
          "ERR there is no database \""
              + name
              + "\" here; QUICKSILVER DATABASES lists those that are");
    }
    return known;
  }

  /** Returns the name that a number stands for. */
  String numbered(long number, Session session) {
    List<String> all = numbered.get();
    if (number >= 0 && number < all.size()) {
      return all.get((int) number);
    }
    List<String> there = names(session);
    if (all.isEmpty() && number == 0 && there.size() == 1) {
      return there.getFirst();
    }
    throw new RespException(
        "ERR DB index is out of range: no database has number "
            + number
            + ". SELECT one by its name (QUICKSILVER DATABASES lists them), or give resp.databases"
            + " the names that numbers stand for");
  }

  /** Returns the number that stands for a database, if one does. */
  Optional<Integer> numberOf(String name, Session session) {
    List<String> all = numbered.get();
    if (all.isEmpty()) {
      return names(session).equals(List.of(name)) ? Optional.of(0) : Optional.empty();
    }
    int index = all.indexOf(name);
    return index < 0 ? Optional.empty() : Optional.of(index);
  }

  /** Returns the names of the databases that a session may read, sorted. */
  List<String> names(Session session) {
    return view.databases().keySet().stream().filter(session.rights::allow).toList();
  }

  boolean isHolding() {
    return holding;
  }

  /** Lets all snapshots go, so that their pages can be used again. */
  void letGo() {
    if (holding) {
      for (Use use : uses.values()) {
        Snapshot snapshot = use.snapshot;
        if (snapshot != null) {
          use.snapshot = null;
          snapshot.close();
        }
      }
      holding = false;
    }
  }

  /** Lets those go that were not read since this was last called. */
  void letGoUnread() {
    for (Use use : uses.values()) {
      Snapshot snapshot = use.snapshot;
      if (snapshot != null && use.batch < unreadBefore) {
        use.snapshot = null;
        snapshot.close();
      }
    }
    unreadBefore = batch;
  }

  @Override
  public void close() {
    letGo();
    view.close();
  }
}
