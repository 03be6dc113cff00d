package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Completeness.Point;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node holds, as far as it matters for becoming the root. It may have been the root
 * before, a replica, or be made of a backup: all that counts is up to which position it is complete
 * ({@link Completeness}), and that PostgreSQL still has the WAL after that. One thread.
 */
final class OwnCopy {
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
  OwnCopy(DatabaseSet databases) {
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

  /** The furthest position of anything here; {@link Position#NONE} if nothing was ever read. */
  Position furthest() {
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
   * @throws GatewayException SLOT_AHEAD, NOT_COMPLETE, DATABASE_MISSING
   */
  Position require(String slot, long confirmed, ReplicationConnection.Identity source) {
    if (databases.completeness().isEmpty() && wasRootOfEarlierBuild) {
      requireNotBehind(slot, confirmed, furthest());
      // It has confirmed nothing that was not durable in all of its databases.
      databases.complete(Completeness.of(source.position(confirmed), databases));
    }
    Completeness complete = databases.completeness().orElseThrow(this::neverComplete);
    requireNotBehind(slot, confirmed, complete.position());
    Map<UUID, DatabaseIdentity> named = named();
    List<String> missing = new ArrayList<>(complete.missing(databases, named));
    for (Database database : databases.all()) {
      String name = database.identity().name();
      databases.diverged(name).ifPresent(why -> missing.add(name + " was contradicted: " + why));
    }
    if (!missing.isEmpty()) {
      throw new GatewayException(
          ErrorCode.NOT_COMPLETE,
          "this node was complete up to "
              + Position.formatLsn(complete.position().lsn())
              + " but is not any more: "
              + String.join("; ", missing)
              + "; "
              + ANOTHER
              + CentralDatabase.BEGIN_ANEW);
    }
    makeNew(named, complete);
    return complete.position();
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
}
