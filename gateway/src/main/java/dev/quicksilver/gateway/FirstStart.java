package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.FailPoint;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Position;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the slot for a node that holds no entry yet.
 *
 * <p>The slot is made for this connection alone and under another name; where it begins is stored
 * here; only then is it copied under its lasting name. Wherever that stops, there is either no
 * lasting slot, and a node without entries begins anew, or one that begins at this node's position:
 * nothing can have been skipped.
 *
 * <p>Databases that were created before are not in the slot. Those whose tables are empty under the
 * slot's own snapshot are taken over as they are; a table with rows is refused.
 */
final class FirstStart {
  private static final Logger LOG = LoggerFactory.getLogger(FirstStart.class);

  private final DatabaseSet databases;
  private final CentralDatabase central;

  FirstStart(DatabaseSet databases, CentralDatabase central) {
    this.databases = databases;
    this.central = central;
  }

  /** True if nothing can be lost by making a slot: this node holds no entry of any database. */
  boolean isDue() {
    if (CommitSchedule.furthest(databases).equals(Position.NONE)) {
      return true;
    }
    return central.slot().isEmpty()
        && databases.get(DatabaseSet.CATALOG).isPresent()
        && databases.all().stream()
            .filter(database -> !database.identity().name().equals(DatabaseSet.CATALOG))
            .allMatch(database -> database.head().lastSequence() == 0);
  }

  /**
   * Makes the slot.
   *
   * @throws GatewayException SEEDING_NEEDED if a table has rows, or why an existing slot is not
   *     ours
   */
  void run(ReplicationConnection connection, ReplicationConnection.Identity source, UUID cluster)
      throws SQLException {
    if (databases.get(DatabaseSet.CATALOG).isEmpty() && !databases.all().isEmpty()) {
      throw new GatewayException(
          ErrorCode.DATABASE_MISSING,
          "this node's data directory has databases but not the catalog of them; restore the"
              + " directory, or empty it and let the node replicate from another one");
    }
    central.slot().ifPresent(slot -> central.checkSlot(slot, Position.NONE));
    ReplicationConnection.TemporarySlot begin = connection.createTemporarySlot();
    CentralDatabase.Before before = central.catalogAt(begin.snapshot());
    FailPoint.hit("gateway.first-start-before-position");
    Database catalog =
        databases
            .get(DatabaseSet.CATALOG)
            .orElseGet(
                () ->
                    databases.create(
                        new DatabaseIdentity(cluster, DatabaseSet.CATALOG, "text", "json")));
    store(catalog, before, begin.lsn(), source.position(begin.lsn()));
    FailPoint.hit("gateway.first-start-before-slot");
    central.copySlot(begin.name());
    FailPoint.hit("gateway.first-start-after-slot");
    connection.dropSlot(begin.name());
    LOG.info("Made the slot at {}", Position.formatLsn(begin.lsn()));
  }

  /** Makes the catalog here what it was at the slot's beginning, together with the position. */
  private void store(Database catalog, CentralDatabase.Before before, long lsn, Position position) {
    Map<String, byte[]> held = held(catalog);
    try (Appender appender = catalog.append()) {
      appender.begin(lsn, before.time());
      for (CatalogEntry entry : before.entries()) {
        String name = entry.identity().name();
        if (!Arrays.equals(held.remove(name), entry.value())) {
          databases.replace(entry.identity());
          appender.set(entry.key(), entry.value());
          LOG.info("Took over database {}, which is empty", name);
        }
      }
      // Their environments go when nothing names them any more.
      held.keySet().forEach(name -> appender.delete(name.getBytes(StandardCharsets.UTF_8)));
      appender.end(position);
      appender.commit();
    }
  }

  private static Map<String, byte[]> held(Database catalog) {
    Map<String, byte[]> held = new HashMap<>();
    try (Snapshot snapshot = catalog.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        held.put(new String(scan.key(), StandardCharsets.UTF_8), scan.value());
      }
    }
    return held;
  }
}
