package dev.quicksilver.gateway.start;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.sequence.CatalogEntry;
import dev.quicksilver.gateway.sequence.ReaderEntry;
import dev.quicksilver.gateway.start.CentralSnapshot.Source;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the slot for a node that has never read from one, and copies what the databases' tables
 * held before it.
 *
 * <p>The slot is made for this connection alone and under another name. Under its own snapshot the
 * tables are copied into new databases, without a position; then the catalog is stored with the
 * position at which the slot begins; only then is the slot copied under its lasting name. Wherever
 * that stops, there is either no lasting slot, and a node without any position but the catalog's
 * begins anew, or one that begins at this node's position: nothing can have been skipped. If it is
 * another root that has made the slot by then, the copy here counts for nothing and is dropped.
 */
public final class FirstStart implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FirstStart.class);

  private final GatewayConfig config;
  private final DatabaseSet databases;
  private final OwnCopy copy;
  private final CentralDatabase central;
  private final Progress progress;
  private final FirstStartMark mark;
  private volatile @Nullable CentralSnapshot reading;
  private volatile boolean closed;

  /** Prepares one in these databases; does nothing yet. */
  public FirstStart(
      GatewayConfig config,
      DatabaseSet databases,
      OwnCopy copy,
      CentralDatabase central,
      Progress progress) {
    this.config = config;
    this.databases = databases;
    this.copy = copy;
    this.central = central;
    this.progress = progress;
    mark = new FirstStartMark(databases.dataDirectory());
  }

  /**
   * Ends what an earlier first start has left: drops its copy if another root has made the slot
   * since, from a copy of its own that begins elsewhere.
   */
  public void clearUp() throws IOException {
    Optional<String> begun = mark.read();
    Optional<CentralDatabase.Slot> slot = central.slot();
    if (begun.isEmpty() || slot.isEmpty()) {
      return; // there is nothing to clear up, or it begins anew
    }
    boolean isOurs = Position.formatLsn(slot.get().confirmedLsn()).equals(begun.get());
    boolean hasReadOn =
        databases
            .completeness()
            .filter(upTo -> !Position.formatLsn(upTo.position().lsn()).equals(begun.get()))
            .isPresent();
    if (!isOurs && !hasReadOn) {
      LOG.warn(
          "This node's first start was cut off at {}, and another root has made the slot {} since:"
              + " dropping what was copied here",
          begun.get(),
          central.slotName());
      databases.forget();
    }
    mark.remove();
  }

  /** True if nothing can be lost by making a slot: none was ever read into these databases. */
  public boolean isDue() {
    return copy.furthest().equals(Position.NONE)
        || (!hasRead() && central.slot().isEmpty() && !central.wasRead());
  }

  /** Whether a database beside the catalog has ever been read into from a slot. */
  private boolean hasRead() {
    return databases.all().stream()
        .filter(database -> !database.identity().name().equals(DatabaseSet.CATALOG))
        .anyMatch(database -> !database.head().position().equals(Position.NONE));
  }

  /**
   * Makes the slot.
   *
   * @throws GatewayException why an existing slot is not ours, or a table cannot be copied
   */
  public void run(
      ReplicationConnection connection, ReplicationConnection.Identity source, UUID cluster)
      throws SQLException, IOException {
    central.dropEndedSlots();
    if (central.slot().isPresent()) {
      central.checkUsable(central.slot().get(), Position.NONE);
      OwnCopy.requireNotBehind(
          central.slotName(), central.slot().get().confirmedLsn(), Position.NONE);
    }
    if (central.wasRead()) {
      // The nodes below hold another history of the same databases.
      throw central.slotMissing(Position.NONE);
    }
    ReplicationConnection.TemporarySlot begin = connection.createTemporarySlot();
    try (CentralSnapshot snapshot = CentralSnapshot.open(config, begin.snapshot())) {
      reading = snapshot;
      if (closed) {
        throw new CancellationException("closing");
      }
      List<Source> sources = snapshot.catalog();
      long time = snapshot.time();
      Database catalog =
          databases
              .get(DatabaseSet.CATALOG)
              .orElseGet(
                  () ->
                      databases.create(
                          new DatabaseIdentity(cluster, DatabaseSet.CATALOG, "text", "json")));
      for (Source table : sources) {
        copy(snapshot, table, begin.lsn(), time);
      }
      FailPoint.hit("gateway.first-start-before-position");
      mark.set(begin.lsn());
      store(
          catalog,
          pairs(sources, snapshot.readers()),
          begin.lsn(),
          time,
          source.position(begin.lsn()));
      databases.complete(Completeness.of(source.position(begin.lsn()), databases));
    } finally {
      reading = null;
    }
    FailPoint.hit("gateway.first-start-before-slot");
    central.copySlot(begin.name());
    FailPoint.hit("gateway.first-start-after-slot");
    mark.remove();
    connection.dropSlot(begin.name());
    LOG.info("Made the slot {} at {}", central.slotName(), Position.formatLsn(begin.lsn()));
  }

  private void copy(CentralSnapshot snapshot, Source source, long lsn, long time)
      throws SQLException, IOException {
    CatalogEntry entry = source.entry();
    Database database = databases.replace(entry.identity());
    if (source.table().isEmpty()) {
      LOG.warn(
          "Took over database {} without rows: its table {} is gone",
          entry.identity().name(),
          entry.table());
      return;
    }
    try (TableCopy copy = new TableCopy(database, entry, lsn, time, progress)) {
      snapshot.read(entry, source.table().getAsInt(), copy);
      copy.finish();
    }
  }

  /** The values of the catalog by their keys: its databases, and who may read which. */
  private static Map<String, byte[]> pairs(List<Source> sources, List<ReaderEntry> readers) {
    Map<String, byte[]> pairs = new LinkedHashMap<>();
    sources.forEach(source -> pairs.put(text(source.entry().key()), source.entry().value()));
    readers.forEach(entry -> pairs.put(text(entry.key()), entry.value()));
    return pairs;
  }

  private static String text(byte[] key) {
    return new String(key, StandardCharsets.UTF_8);
  }

  /** Makes the catalog here what it was at the slot's beginning, together with the position. */
  private static void store(
      Database catalog, Map<String, byte[]> pairs, long lsn, long time, Position position) {
    Map<String, byte[]> held = held(catalog);
    try (Appender appender = catalog.append()) {
      appender.begin(lsn, time);
      pairs.forEach(
          (key, value) -> {
            if (!Arrays.equals(held.remove(key), value)) {
              appender.set(key.getBytes(StandardCharsets.UTF_8), value);
            }
          });
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
        held.put(text(scan.key()), scan.value());
      }
    }
    return held;
  }

  /** Refuses a data directory that has lost its catalog: what it holds is of some history. */
  public void requireCatalog() {
    if (databases.get(DatabaseSet.CATALOG).isEmpty() && hasRead()) {
      throw new GatewayException(
          ErrorCode.DATABASE_MISSING,
          "this node's data directory has databases but not the catalog of them; restore the"
              + " directory, or empty it and let the node replicate from another one");
    }
  }

  /** Ends a copy that is under way; from any thread. */
  @Override
  public void close() {
    closed = true;
    CentralSnapshot snapshot = reading;
    if (snapshot != null) {
      snapshot.close();
    }
  }
}
