package dev.quicksilver.gateway.central;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.storage.record.Position;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
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
public final class CentralDatabase implements AutoCloseable {
  /** Asks for a run of a server (no two have the same), and whether it is a standby. */
  static final String SERVER =
      "SELECT extract(epoch FROM pg_postmaster_start_time())::text, pg_is_in_recovery()";

  /** The cure where the tables are all that is left. */
  public static final String BEGIN_ANEW =
      "SELECT quicksilver.begin_anew() there makes a new cluster of the tables as they are; then"
          + " start the root and its replicas with empty data directories";

  private final GatewayConfig config;
  private final HikariDataSource pool;
  private final DSLContext sql;
  private volatile String slotName;

  /**
   * Makes the pool; connects when it is asked for the first time, and again whenever that is lost.
   */
  public CentralDatabase(GatewayConfig config) {
    this.config = config;
    slotName = config.slotName();
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
    hikari.setMaximumPoolSize(3);
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
  public void checkServer(String server) throws SQLTransientConnectionException {
    if (!string(SERVER).equals(server)) {
      pool.getHikariPoolMXBean().softEvictConnections();
      throw new SQLTransientConnectionException(
          "two connections went to two servers, one of which was primary before the other");
    }
  }

  /**
   * Checks what the slot needs and returns the cluster's id; the slot's name is known afterwards.
   *
   * @throws GatewayException WRONG_WAL_LEVEL, NO_SLOT_LEFT, SCHEMA_MISSING, PUBLICATION_MISSING or
   *     RESTORED
   */
  public UUID checkSetup() {
    String level = string("SELECT current_setting('wal_level')");
    if (!level.equals("logical")) {
      throw new GatewayException(
          ErrorCode.WRONG_WAL_LEVEL,
          "wal_level of the central PostgreSQL is "
              + level
              + "; run ALTER SYSTEM SET wal_level = logical and restart PostgreSQL");
    }
    if (string("SELECT current_setting('max_replication_slots')").equals("0")) {
      throw new GatewayException(
          ErrorCode.NO_SLOT_LEFT,
          "max_replication_slots of the central PostgreSQL is 0; run ALTER SYSTEM SET"
              + " max_replication_slots = 10 and restart PostgreSQL");
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
              + " be replicated: "
              + BEGIN_ANEW);
    }
    checkOrigin();
    slotName =
        config.slotName().isEmpty() ? string("SELECT quicksilver.slot_name()") : config.slotName();
    return UUID.fromString(string("SELECT id FROM quicksilver.cluster"));
  }

  /**
   * Tells a PostgreSQL that lets nobody replicate from one whose connections are in use.
   *
   * @throws GatewayException NO_SLOT_LEFT
   */
  public void checkSenders() {
    if (string("SELECT current_setting('max_wal_senders')").equals("0")) {
      throw new GatewayException(
          ErrorCode.NO_SLOT_LEFT,
          "max_wal_senders of the central PostgreSQL is 0; run ALTER SYSTEM SET max_wal_senders ="
              + " 10 and restart PostgreSQL");
    }
  }

  /** The refusal of a primary that lets a role only read. */
  public static GatewayException readOnly(String role) {
    return new GatewayException(
        ErrorCode.READ_ONLY,
        "default_transaction_read_only is on for role "
            + role
            + " in the central PostgreSQL, and the root writes there how far it is; run ALTER ROLE "
            + role
            + " SET default_transaction_read_only = off, or switch it off where it is on (ALTER"
            + " DATABASE, ALTER SYSTEM)");
  }

  private void checkOrigin() {
    if (string("SELECT quicksilver.is_restored()").equals("true")) {
      throw new GatewayException(
          ErrorCode.RESTORED,
          "the central database "
              + string("SELECT current_database()")
              + " was restored from a dump, is a copy of another one, or had its publication made"
              + " anew, so the cluster's history does not go on there: "
              + BEGIN_ANEW);
    }
  }

  /**
   * Who has the slot.
   *
   * @param pid the process of PostgreSQL that holds it; 0 if none does
   * @param confirmedLsn up to where it was confirmed, unsigned; 0 if there is no slot
   * @param lastReply what tells the last answer of its root from others; not a time of this clock,
   *     nor of PostgreSQL's
   * @param beginning whether a root makes the first copy now, and the slot with it
   */
  public record Hold(int pid, long confirmedLsn, String lastReply, boolean beginning) {}

  /** Asks who has the slot. */
  public Hold hold() {
    Record row =
        sql.fetchSingle(
            "SELECT coalesce(max(s.active_pid), 0), coalesce(max(s.confirmed_flush_lsn)::text,"
                + " '0/0'), coalesce(max(r.reply_time)::text, ''),"
                + " EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = {1} AND"
                + " database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
                + " FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid ="
                + " s.active_pid WHERE s.slot_name = {0}",
            DSL.val(slotName), DSL.inline(ReplicationConnection.FIRST_START_LOCK));
    return new Hold(
        Integer.parseInt(String.valueOf(row.get(0, String.class))),
        lsn(row.get(1, String.class)),
        String.valueOf(row.get(2, String.class)),
        Boolean.TRUE.equals(row.get(3, Boolean.class)));
  }

  /** Ends a process of PostgreSQL that serves a connection that is given up. */
  public void terminate(int pid) {
    string("SELECT pg_terminate_backend({0}::int)", Integer.toString(pid));
  }

  /**
   * Notes which slot of which server's database the root reads, once it does. What a root of an
   * earlier build may have passed over is written again, so that it comes through the slot.
   */
  public void noteSlot() {
    sql.execute(
        "SELECT quicksilver.send_readers_again() FROM quicksilver.root r WHERE NOT"
            + " r.knows_readers");
    sql.execute(
        "INSERT INTO quicksilver.root AS r (slot_name, place, knows_readers) VALUES ({0}::name,"
            + " quicksilver.place(), true) ON CONFLICT (singleton) DO UPDATE SET slot_name ="
            + " excluded.slot_name, place = excluded.place, knows_readers = true WHERE"
            + " (r.slot_name, r.place, r.knows_readers) IS DISTINCT FROM (excluded.slot_name,"
            + " excluded.place, true)",
        DSL.val(slotName));
  }

  /** Drops the slots of clusters that {@code quicksilver.begin_anew()} has ended here. */
  public void dropEndedSlots() {
    sql.execute(
        "SELECT pg_drop_replication_slot(s.slot_name) FROM quicksilver.ended_slot e JOIN"
            + " pg_replication_slots s ON s.slot_name = e.slot_name WHERE s.plugin = 'pgoutput' AND"
            + " s.database = current_database() AND NOT s.active");
    sql.execute(
        "DELETE FROM quicksilver.ended_slot e WHERE NOT EXISTS (SELECT FROM pg_replication_slots s"
            + " WHERE s.slot_name = e.slot_name AND s.database = current_database())");
  }

  /** The ids of the databases that the catalog names now. */
  public Set<UUID> catalog() {
    return Set.copyOf(sql.fetch("SELECT id FROM quicksilver.catalog").getValues(0, UUID.class));
  }

  /** Whether a root has ever read from a slot of this database's cluster. */
  public boolean wasRead() {
    return !string("SELECT count(*) FROM quicksilver.root").equals("0");
  }

  /** The slot; empty before {@link #checkSetup()} if the configuration does not say. */
  public String slotName() {
    return slotName;
  }

  /** jOOQ on this pool. */
  public DSLContext sql() {
    return sql;
  }

  /** Makes the lasting slot, which begins where another one does. */
  public void copySlot(String from) {
    sql.execute(
        "SELECT pg_copy_logical_replication_slot({0}, {1}, false)",
        DSL.val(from), DSL.val(slotName));
  }

  /** A slot as pg_replication_slots shows it. */
  public record Slot(
      String plugin,
      boolean here,
      String database,
      boolean lost,
      long confirmedLsn,
      boolean canFailOver,
      boolean failsOver) {}

  /** Looks the slot up. */
  public Optional<Slot> slot() {
    // PostgreSQL 15 and 16 have no column failover.
    return sql.fetchOptional(
            "SELECT coalesce(plugin, ''), coalesce(database, ''), coalesce(database"
                + " = current_database(), false), coalesce(wal_status = 'lost', false),"
                + " coalesce(confirmed_flush_lsn::text, '0/0'),"
                + " current_setting('server_version_num')::int >= 170000,"
                + " coalesce((to_jsonb(s) ->> 'failover')::boolean, false)"
                + " FROM pg_replication_slots s WHERE slot_name = {0}",
            DSL.val(slotName))
        .map(
            row ->
                new Slot(
                    String.valueOf(row.get(0, String.class)),
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
  public void checkUsable(Slot slot, Position position) {
    String name = "replication slot " + slotName;
    if (!slot.plugin().equals("pgoutput") || !slot.here()) {
      throw new GatewayException(
          ErrorCode.SLOT_FOREIGN,
          name
              + " belongs to something else ("
              + (slot.database().isEmpty()
                  ? "it is a physical one"
                  : "it is of database \"" + slot.database() + "\", plugin " + slot.plugin())
              + "), perhaps another cluster; leave it alone and give this root a slot of its own"
              + " with root.slot");
    }
    if (slot.lost()) {
      throw new GatewayException(
          ErrorCode.SLOT_LOST,
          name
              + " has lost WAL that was not read yet (see max_slot_wal_keep_size); entries after "
              + Position.formatLsn(position.lsn())
              + " cannot be had from it; "
              + BEGIN_ANEW);
    }
  }

  /** The refusal of a slot that is gone. */
  public GatewayException slotMissing(Position position) {
    return new GatewayException(
        ErrorCode.SLOT_MISSING,
        "replication slot "
            + slotName
            + " is missing in the central PostgreSQL, so what was written after "
            + Position.formatLsn(position.lsn())
            + " cannot be had; if this is a standby that was promoted before it had a copy of the"
            + " slot, go back to the old primary if that is possible; otherwise "
            + BEGIN_ANEW);
  }

  /** The first column of the one row. */
  public String string(String query, String... values) {
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
