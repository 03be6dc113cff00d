package dev.quicksilver.gateway;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.Position;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.postgresql.replication.LogSequenceNumber;

/**
 * What the gateway asks the central PostgreSQL in SQL: whether it is set up, and about the slot.
 * Thread-safe.
 */
final class CentralDatabase implements AutoCloseable {
  /** Asks for a run of a server (no two have the same), and whether it is a standby. */
  static final String SERVER =
      "SELECT extract(epoch FROM pg_postmaster_start_time())::text, pg_is_in_recovery()";

  private final GatewayConfig config;
  private final HikariDataSource pool;
  private final DSLContext sql;

  CentralDatabase(GatewayConfig config) {
    this.config = config;
    HikariConfig hikari = new HikariConfig();
    hikari.setJdbcUrl(config.jdbcUrl());
    if (!config.user().isEmpty()) {
      hikari.setUsername(config.user());
    }
    if (!config.password().isEmpty()) {
      hikari.setPassword(config.password());
    }
    Properties properties = new Properties();
    ReplicationConnection.toPrimary(properties);
    hikari.setDataSourceProperties(properties);
    hikari.addDataSourceProperty("socketTimeout", ReplicationConnection.ANSWER_SECONDS);
    hikari.setPoolName("quicksilver-gateway");
    // What the root itself writes must never wait for the root.
    hikari.setConnectionInitSql("SET synchronous_commit = local");
    hikari.setMaximumPoolSize(2);
    hikari.setMinimumIdle(0);
    hikari.setConnectionTimeout(5_000);
    hikari.setInitializationFailTimeout(-1);
    pool = new HikariDataSource(hikari);
    sql = DSL.using(pool, SQLDialect.POSTGRES);
  }

  /**
   * Checks that the answers here come from the server that a walsender belongs to; after a
   * fail-over, connections to the old one may be left.
   *
   * @param server which the walsender is of
   * @throws SQLTransientConnectionException if it is another one; try again
   */
  void checkServer(String server) throws SQLTransientConnectionException {
    if (!string(SERVER).equals(server)) {
      pool.getHikariPoolMXBean().softEvictConnections();
      throw new SQLTransientConnectionException(
          "two connections went to two servers, one of which was primary before the other");
    }
  }

  /**
   * Checks what the slot needs and returns the cluster's id.
   *
   * @throws GatewayException WRONG_WAL_LEVEL, SCHEMA_MISSING or PUBLICATION_MISSING
   */
  UUID checkSetup() {
    String level = string("SELECT current_setting('wal_level')");
    if (!level.equals("logical")) {
      throw new GatewayException(
          ErrorCode.WRONG_WAL_LEVEL,
          "wal_level of the central PostgreSQL is "
              + level
              + "; run ALTER SYSTEM SET wal_level = logical and restart PostgreSQL");
    }
    if (!string("SELECT to_regclass('quicksilver.cluster') IS NOT NULL").equals("true")) {
      throw new GatewayException(
          ErrorCode.SCHEMA_MISSING,
          "the central PostgreSQL has no schema quicksilver; run ./quicksilver migrate");
    }
    if (string("SELECT count(*) FROM pg_publication WHERE pubname = {0}", config.publication())
        .equals("0")) {
      throw new GatewayException(
          ErrorCode.PUBLICATION_MISSING,
          "publication "
              + config.publication()
              + " is missing in the central PostgreSQL; nothing written since it was dropped can"
              + " be replicated: restore it from a backup, or set up a new cluster");
    }
    return UUID.fromString(string("SELECT id FROM quicksilver.cluster"));
  }

  /**
   * The catalog at a moment.
   *
   * @param time of the central PostgreSQL's clock when it was read, µs since 1970-01-01 UTC
   */
  record Before(List<CatalogEntry> entries, long time) {}

  /**
   * Reads the catalog under an exported snapshot.
   *
   * @throws GatewayException SEEDING_NEEDED if a database's table has a row there
   */
  Before catalogAt(String snapshot) {
    return sql.transactionResult(
        transaction -> {
          DSLContext inside = DSL.using(transaction);
          inside.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
          inside.execute("SET TRANSACTION SNAPSHOT {0}", DSL.inline(snapshot));
          // A policy must not make a table look empty.
          inside.execute("SET LOCAL row_security = off");
          List<CatalogEntry> entries = new ArrayList<>();
          for (Record row :
              inside.fetch(
                  "SELECT c.name, c.id::text, c.key_type, c.value_type, c.table_schema || '.' ||"
                      + " c.table_name, c.relation::bigint, format('%I.%I', n.nspname, r.relname),"
                      + " r.oid IS NOT NULL, c.projection::text FROM quicksilver.catalog c LEFT"
                      + " JOIN pg_class r ON r.oid = c.relation LEFT JOIN pg_namespace n ON n.oid ="
                      + " r.relnamespace ORDER BY c.name")) {
            String name = text(row, 0);
            if (Boolean.TRUE.equals(row.get(7, Boolean.class))
                && !inside.fetch("SELECT FROM " + text(row, 6) + " LIMIT 1").isEmpty()) {
              throw new GatewayException(
                  ErrorCode.SEEDING_NEEDED,
                  "database "
                      + name
                      + " was filled before the first root was started, so its rows are not in"
                      + " the replication slot; empty its table, start the root, and fill it"
                      + " again, or unpublish it and publish it again when the root runs");
            }
            entries.add(
                new CatalogEntry(
                    new DatabaseIdentity(
                        UUID.fromString(text(row, 1)), name, text(row, 2), text(row, 3)),
                    text(row, 4),
                    (int) Long.parseLong(text(row, 5)),
                    Optional.ofNullable(row.get(8, String.class)).map(Projection::of)));
          }
          Record now =
              inside.fetchOne("SELECT (extract(epoch FROM now()) * 1000000)::bigint::text");
          return new Before(entries, now == null ? 0 : Long.parseLong(text(now, 0)));
        });
  }

  private static String text(Record row, int column) {
    return String.valueOf(row.get(column, String.class));
  }

  /** Lets sessions that wait know which slot to look at. */
  void noteSlot() {
    sql.execute(
        "INSERT INTO quicksilver.root AS r (slot_name) VALUES ({0}::name) ON CONFLICT (singleton)"
            + " DO UPDATE SET slot_name = excluded.slot_name WHERE r.slot_name <>"
            + " excluded.slot_name",
        DSL.val(config.slotName()));
  }

  /** jOOQ on this pool. */
  DSLContext sql() {
    return sql;
  }

  /** Makes the lasting slot, which begins where another one does. */
  void copySlot(String from) {
    sql.execute(
        "SELECT pg_copy_logical_replication_slot({0}, {1}, false)",
        DSL.val(from), DSL.val(config.slotName()));
  }

  /** A slot as pg_replication_slots shows it. */
  record Slot(
      boolean pgoutput,
      boolean here,
      String database,
      boolean lost,
      long confirmedLsn,
      boolean canFailOver,
      boolean failsOver) {}

  /** Looks the slot up. */
  Optional<Slot> slot() {
    // PostgreSQL 15 and 16 have no column failover.
    return sql.fetchOptional(
            "SELECT coalesce(plugin = 'pgoutput', false), coalesce(database, ''), coalesce(database"
                + " = current_database(), false), coalesce(wal_status = 'lost', false),"
                + " coalesce(confirmed_flush_lsn::text, '0/0'),"
                + " current_setting('server_version_num')::int >= 170000,"
                + " coalesce((to_jsonb(s) ->> 'failover')::boolean, false)"
                + " FROM pg_replication_slots s WHERE slot_name = {0}",
            DSL.val(config.slotName()))
        .map(
            row ->
                new Slot(
                    Boolean.TRUE.equals(row.get(0, Boolean.class)),
                    Boolean.TRUE.equals(row.get(2, Boolean.class)),
                    String.valueOf(row.get(1, String.class)),
                    Boolean.TRUE.equals(row.get(3, Boolean.class)),
                    lsn(row.get(4, String.class)),
                    Boolean.TRUE.equals(row.get(5, Boolean.class)),
                    Boolean.TRUE.equals(row.get(6, Boolean.class))));
  }

  /**
   * Checks that the slot is ours and whole.
   *
   * @throws GatewayException SLOT_FOREIGN or SLOT_LOST
   */
  void checkUsable(Slot slot, Position position) {
    String name = "replication slot " + config.slotName();
    if (!slot.pgoutput() || !slot.here()) {
      throw new GatewayException(
          ErrorCode.SLOT_FOREIGN,
          name
              + " exists but is not Quicksilver's (it is of another plugin, or of database \""
              + slot.database()
              + "\"); drop it, or configure another slot name");
    }
    if (slot.lost()) {
      throw new GatewayException(
          ErrorCode.SLOT_LOST,
          name
              + " has lost WAL that was not read yet (see max_slot_wal_keep_size); entries after "
              + Position.formatLsn(position.lsn())
              + " cannot be had from it: set up a new cluster from the tables");
    }
  }

  /**
   * Checks that the slot goes on where this node is; meaningful once nobody else confirms.
   *
   * @throws GatewayException SLOT_FOREIGN, SLOT_LOST or SLOT_AHEAD
   */
  void checkSlot(Slot slot, Position position) {
    checkUsable(slot, position);
    String name = "replication slot " + config.slotName();
    if (Long.compareUnsigned(slot.confirmedLsn(), position.lsn()) > 0) {
      throw new GatewayException(
          ErrorCode.SLOT_AHEAD,
          name
              + " was confirmed up to "
              + Position.formatLsn(slot.confirmedLsn())
              + " but this node holds only up to "
              + Position.formatLsn(position.lsn())
              + ", so entries would be missing; start the node that confirmed it, or let this one"
              + " replicate from a node that is further on (if there is none and nothing was"
              + " written yet: SELECT pg_drop_replication_slot('"
              + config.slotName()
              + "'))");
    }
  }

  /** The refusal of a slot that is gone. */
  GatewayException slotMissing(Position position) {
    return new GatewayException(
        ErrorCode.SLOT_MISSING,
        "replication slot "
            + config.slotName()
            + " is missing in the central PostgreSQL, so what was written after "
            + Position.formatLsn(position.lsn())
            + " cannot be had; if this is a standby that was promoted before it had a copy of the"
            + " slot, go back to the old primary if that is possible; if this is the right"
            + " PostgreSQL, set up a new cluster from the tables with an empty data directory");
  }

  private String string(String query, String... values) {
    Object[] bound = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      bound[i] = DSL.val(values[i]);
    }
    Record row = sql.fetchOne(query, bound);
    return row == null ? "" : String.valueOf(row.get(0, String.class));
  }

  private static long lsn(@org.jspecify.annotations.Nullable String text) {
    return text == null ? 0 : LogSequenceNumber.valueOf(text).asLong();
  }

  @Override
  public void close() {
    pool.close();
  }
}
