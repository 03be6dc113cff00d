package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Settings;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The root's slot, and whatever else makes PostgreSQL keep WAL. */
final class SlotsCheck implements ServerCheck {
  /** The slot of a name, in this database. */
  static final String OWN =
      "SELECT FROM pg_replication_slots WHERE slot_name = ?::text AND database ="
          + " current_database()";

  /** As the alert QuicksilverWalRetained has it. */
  private static final long MUCH_WAL = 4L << 30;

  private static final String SLOTS =
      "SELECT slot_name, active, coalesce(wal_status, ''), coalesce(plugin, ''), coalesce(database"
          + " = current_database(), false), coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(),"
          + " restart_lsn), 0)::bigint FROM pg_replication_slots ORDER BY restart_lsn";

  private record Slot(
      String name, boolean active, String status, String plugin, boolean here, long kept) {
    static Slot of(List<String> row) {
      return new Slot(
          row.get(0),
          row.get(1).equals("t"),
          row.get(2),
          row.get(3),
          row.get(4).equals("t"),
          Long.parseLong(row.get(5)));
    }
  }

  /** Returns the name of the slot that a root reads or will make; "" if that is not known yet. */
  static String slot(Context context, Server server) throws SQLException {
    var configured = context.configuration().find(Settings.ROOT_SLOT);
    if (configured.isPresent()) {
      return configured.get();
    }
    return server.ownsSchema() ? server.text("SELECT quicksilver.slot_name()") : "";
  }

  @Override
  public String name() {
    return "slots";
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    if (server.is("pg_is_in_recovery()")) {
      return List.of(); // a standby: said elsewhere
    }
    String own = slot(context, server);
    if (own.isEmpty() && server.hasSchema()) {
      return List.of(); // another role's schema: the check of rights says it
    }
    List<Finding> findings = new ArrayList<>();
    for (List<String> row : server.rows(SLOTS)) {
      Slot slot = Slot.of(row);
      if (slot.name().equals(own)) {
        own(slot, findings);
      } else {
        other(slot, findings);
      }
    }
    transactions(server, findings);
    if (findings.isEmpty()) {
      findings.add(
          Finding.ok(
              name(), own.isEmpty() ? "no slot yet" : "slot " + own + " is as it should be"));
    }
    return findings;
  }

  private void own(Slot slot, List<Finding> findings) {
    if (!slot.here() || !slot.plugin().equals("pgoutput")) {
      findings.add(
          Finding.error(
              name(),
              "slot " + slot.name() + " is of another database or plugin",
              "set root.slot to a name that is free"));
    } else if (slot.status().equals("lost")) {
      findings.add(
          Finding.error(
              name(),
              "slot " + slot.name() + " is lost: PostgreSQL has removed WAL that it needs",
              "SELECT pg_drop_replication_slot('"
                  + slot.name()
                  + "'); begin anew: SELECT quicksilver.begin_anew(), with an empty data"
                  + " directory"));
    } else if (slot.status().equals("unreserved") || slot.kept() > MUCH_WAL) {
      findings.add(
          Finding.warning(
              name(),
              "slot "
                  + slot.name()
                  + " keeps "
                  + mib(slot)
                  + " of WAL"
                  + (slot.active() ? "" : ", and nobody reads it"),
              slot.active()
                  ? "look at the root's status: its disk, or an open transaction, holds it up"
                  : "start the root"));
    }
  }

  private void other(Slot slot, List<Finding> findings) {
    if (!slot.active() && slot.kept() > MUCH_WAL) {
      findings.add(
          Finding.warning(
              name(),
              "slot "
                  + slot.name()
                  + ", which is none of this root's, keeps "
                  + mib(slot)
                  + " of WAL, and nobody reads it",
              "start what reads it; or, if that is gone: SELECT pg_drop_replication_slot('"
                  + slot.name()
                  + "')"));
    }
  }

  private static String mib(Slot slot) {
    return (slot.kept() >> 20) + " MiB";
  }

  /** A slot is not confirmed beyond the first change of a transaction that is open. */
  private void transactions(Server server, List<Finding> findings) throws SQLException {
    for (List<String> row :
        server.rows(
            "SELECT gid, date_trunc('second', now() - prepared) FROM pg_prepared_xacts WHERE"
                + " database = current_database() AND prepared < now() - interval '1 hour'")) {
      findings.add(
          Finding.warning(
              name(),
              "transaction '"
                  + row.get(0)
                  + "' has been prepared for "
                  + row.get(1)
                  + ", and holds WAL",
              "COMMIT PREPARED '" + row.get(0) + "'; or ROLLBACK PREPARED"));
    }
    for (List<String> row :
        server.rows(
            "SELECT pid, usename, date_trunc('second', now() - xact_start) FROM pg_stat_activity"
                + " WHERE backend_xid IS NOT NULL AND xact_start < now() - interval '1 hour'")) {
      findings.add(
          Finding.warning(
              name(),
              "a transaction of "
                  + row.get(1)
                  + " has been open for "
                  + row.get(2)
                  + ", and holds WAL",
              "end it; or SELECT pg_terminate_backend(" + row.get(0) + ")"));
    }
  }
}
