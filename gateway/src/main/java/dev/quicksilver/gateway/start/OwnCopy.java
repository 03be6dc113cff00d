package dev.quicksilver.gateway.start;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Completeness.Point;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node holds, as far as it matters for becoming the root. It may have been the root
 * before, a replica, or be made of a backup: all that counts is up to which position it is complete
 * ({@link Completeness}), and that PostgreSQL still has the WAL after that. One thread.
 */
public final class OwnCopy {
  /** How a root of an earlier build, which kept no completeness, named what it followed. */
  private static final String FROM_POSTGRES = "PostgreSQL";

  private static final String ANOTHER =
      "start the node that was the root, or as the root another node that is complete"
          + " (quicksilver status shows up to where a node is); or let this one follow such a node"
          + " first. If there is none any more, ";

  private static final Logger LOG = LoggerFactory.getLogger(OwnCopy.class);

  private final DatabaseSet databases;
  private final boolean wasRootOfEarlierBuild;

  /** Looks at the data directory before this process writes there how it follows. */
  public OwnCopy(DatabaseSet databases) {
    this.databases = databases;
    this.wasRootOfEarlierBuild = wasRoot(databases);
  }

  private static boolean wasRoot(DatabaseSet databases) {
    try {
      Following catalog = Following.read(databases.dataDirectory()).get(DatabaseSet.CATALOG);
      return catalog != null && catalog.upstream().equals(FROM_POSTGRES);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Checks that this node's past is a PostgreSQL's.
   *
   * @throws GatewayException WRONG_SYSTEM or TIMELINE_FORKED
   */
  public void requirePast(ReplicationConnection.Identity source) {
    for (Database database : databases.all()) {
      SourceChecks.past(database.head().position(), source);
    }
    complete(source).ifPresent(complete -> SourceChecks.past(complete.position(), source));
  }

  /**
   * Up to where this node is complete, in a PostgreSQL's past: where its timeline was left, this is
   * the end of it, for up to there the node is complete as well.
   */
  private Optional<Completeness> complete(ReplicationConnection.Identity source) {
    return databases
        .completeness()
        .map(
            complete -> new Completeness(source.common(complete.position()), complete.databases()));
  }

  /** The furthest position of anything here; {@link Position#NONE} if nothing was ever read. */
  public Position furthest() {
    Position furthest = databases.completeness().map(Completeness::position).orElse(Position.NONE);
    for (Database database : databases.all()) {
      Position position = database.head().position();
      if (Long.compareUnsigned(position.lsn(), furthest.lsn()) > 0) {
        furthest = position;
      }
    }
    return furthest;
  }

  /**
   * Requires that this node has all that PostgreSQL may have forgotten, and returns up to where it
   * has everything. Meaningful once nobody else can confirm.
   *
   * @param confirmed up to which the slot was confirmed, unsigned
   * @param catalog the databases that PostgreSQL names now
   * @throws GatewayException SLOT_AHEAD, NOT_COMPLETE
   */
  public Position require(
      String slot, long confirmed, Set<UUID> catalog, ReplicationConnection.Identity source) {
    Map<UUID, DatabaseIdentity> named = named();
    if (databases.completeness().isEmpty() && wasRootOfEarlierBuild) {
      requireNotBehind(slot, confirmed, furthest());
      requireAll(named);
      // It has confirmed nothing that was not durable in all of its databases.
      databases.complete(Completeness.of(source.position(confirmed), databases));
    }
    Completeness complete = complete(source).orElseThrow(this::neverComplete);
    require(slot, confirmed, complete, named, catalog);
    makeNew(named, complete);
    return complete.position();
  }

  /** Up to where this node is complete in this past; {@link Position#NONE} if it does not know. */
  public Position reached(ReplicationConnection.Identity source) {
    return complete(source).map(Completeness::position).orElse(Position.NONE);
  }

  /**
   * Why this node could not be the root of a slot; empty if it could. Changes nothing.
   *
   * @param catalog the databases that PostgreSQL names now
   */
  public Optional<GatewayException> refusal(String slot, long confirmed, Set<UUID> catalog) {
    try {
      require(
          slot,
          confirmed,
          databases.completeness().orElseThrow(this::neverComplete),
          named(),
          catalog);
      return Optional.empty();
    } catch (GatewayException e) {
      return Optional.of(e);
    } catch (StorageException e) {
      // A database went away while it was looked at, or cannot be read.
      return Optional.of(
          new GatewayException(
              ErrorCode.NOT_COMPLETE, "this node cannot look at its copy: " + e.getMessage(), e));
    }
  }

  /** Refuses a copy that lacks a database, where nothing says which may be new. */
  private void requireAll(Map<UUID, DatabaseIdentity> named) {
    List<String> missing = new ArrayList<>();
    for (DatabaseIdentity identity : named.values()) {
      if (databases.get(identity.name()).isEmpty()) {
        missing.add(
            identity.name()
                + databases
                    .damage(identity.name())
                    .map(damage -> " cannot be opened: " + damage.getMessage())
                    .orElse(" is not here"));
      }
    }
    if (!missing.isEmpty()) {
      throw notComplete("this node is not complete: ", missing);
    }
  }

  private void require(
      String slot,
      long confirmed,
      Completeness complete,
      Map<UUID, DatabaseIdentity> named,
      Set<UUID> catalog) {
    requireNotBehind(slot, confirmed, complete.position());
    // What PostgreSQL does not name any more was dropped in WAL that is read again.
    Map<UUID, DatabaseIdentity> lasting = new HashMap<>(named);
    lasting.keySet().retainAll(catalog);
    List<String> missing = new ArrayList<>(complete.missing(databases, lasting));
    for (Database database : databases.all()) {
      String name = database.identity().name();
      databases.diverged(name).ifPresent(why -> missing.add(name + " was contradicted: " + why));
    }
    if (!missing.isEmpty()) {
      throw notComplete(
          "this node was complete up to "
              + Position.formatLsn(complete.position().lsn())
              + " but is not any more: ",
          missing);
    }
  }

  private static GatewayException notComplete(String what, List<String> missing) {
    return new GatewayException(
        ErrorCode.NOT_COMPLETE,
        what + String.join("; ", missing) + "; " + ANOTHER + CentralDatabase.BEGIN_ANEW);
  }

  private GatewayException neverComplete() {
    return new GatewayException(
        ErrorCode.NOT_COMPLETE,
        "this node has never heard up to which position its copy is complete, so entries may be"
            + " missing; "
            + ANOTHER
            + CentralDatabase.BEGIN_ANEW);
  }

  /** Refuses a slot that somebody has read further than what is held here. */
  static void requireNotBehind(String slot, long confirmed, Position held) {
    if (Long.compareUnsigned(confirmed, held.lsn()) > 0) {
      throw new GatewayException(
          ErrorCode.SLOT_AHEAD,
          "replication slot "
              + slot
              + " was confirmed up to "
              + Position.formatLsn(confirmed)
              + (held.equals(Position.NONE)
                  ? " but this node holds nothing yet"
                  : " but this node is complete only up to " + Position.formatLsn(held.lsn()))
              + ", so entries would be missing; "
              + ANOTHER
              + CentralDatabase.BEGIN_ANEW);
    }
  }

  private Map<UUID, DatabaseIdentity> named() {
    try {
      Optional<Database> catalog = databases.get(DatabaseSet.CATALOG);
      return catalog.isEmpty() ? Map.of() : CatalogPair.named(catalog.get());
    } catch (IOException e) {
      throw new GatewayException(
          ErrorCode.STORAGE, e.getMessage() + "; let the node replicate from another one", e);
    }
  }

  /**
   * Makes the databases that came after the position and have not got here: all of their entries
   * are in WAL that is read again, but for their creation, which the catalog here holds already.
   */
  private void makeNew(Map<UUID, DatabaseIdentity> named, Completeness complete) {
    for (DatabaseIdentity identity : named.values()) {
      Point point = complete.databases().get(identity.id());
      boolean isNew = point == null || point.sequence() == 0;
      boolean isHere =
          databases
              .get(identity.name())
              .filter(database -> database.identity().id().equals(identity.id()))
              .isPresent();
      if (isNew && !isHere) {
        LOG.info("Making database {}, of which nothing has got here yet", identity.name());
        databases.replace(identity);
      }
    }
  }

  /**
   * Gives up the copies of databases that were begun while this node followed another one: from now
   * on what is here is the newest there is. Finished later, such a copy would take its place.
   * Nothing may follow meanwhile.
   */
  public void abandonCopies() {
    for (Database database : databases.all()) {
      String name = database.identity().name();
      if (databases.copyBegun(name)) {
        LOG.warn(
            "Database {} was being copied anew from another root; this node is the root now and"
                + " keeps what it has",
            name);
        databases.abandonCopy(name);
      }
    }
  }
}
