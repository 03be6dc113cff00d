package dev.quicksilver.cli.doctor;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** PostgreSQL's settings: those without which no slot can be read, and those that cost one. */
final class ServerSettingsCheck implements ServerCheck {
  private static final int LITTLE_WAL_MIB = 1024;

  @Override
  public String name() {
    return "settings";
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    List<Finding> findings = new ArrayList<>();
    String level = server.setting("wal_level");
    if (!level.equals("logical")) {
      findings.add(
          Finding.error(
              name(),
              "wal_level is " + level,
              "ALTER SYSTEM SET wal_level = logical; restart PostgreSQL"));
    }
    boolean running = context.running().isPresent();
    free(
        server,
        "max_replication_slots",
        "SELECT count(*) FROM pg_replication_slots",
        running || server.is("EXISTS (" + SlotsCheck.OWN + ")", SlotsCheck.slot(context, server)),
        findings);
    free(server, "max_wal_senders", "SELECT count(*) FROM pg_stat_replication", running, findings);
    if (server.is("current_setting('default_transaction_read_only')::boolean")) {
      String role = server.role();
      findings.add(
          Finding.error(
              name(),
              "default_transaction_read_only is on for role " + role,
              "ALTER ROLE " + role + " SET default_transaction_read_only = off"));
    }
    if (!server.setting("fsync").equals("on")) {
      findings.add(
          Finding.warning(
              name(),
              "fsync is off: after a crash PostgreSQL may lack what the edges have",
              "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()"));
    }
    slotIsKept(server, findings);
    if (findings.isEmpty()) {
      findings.add(Finding.ok(name(), "wal_level is logical, and a slot and a sender are free"));
    }
    return findings;
  }

  /** Some are left, or the root has its own already. */
  private void free(
      Server server, String setting, String used, boolean hasOwn, List<Finding> findings)
      throws SQLException {
    long most = server.number("SELECT setting FROM pg_settings WHERE name = ?", setting);
    long taken = server.number(used);
    if (most == 0 || (!hasOwn && taken >= most)) {
      findings.add(
          Finding.error(
              name(),
              setting + " is " + most + ", and " + taken + " are taken",
              "ALTER SYSTEM SET "
                  + setting
                  + " = "
                  + Math.max(10, most + 5)
                  + "; restart PostgreSQL"));
    }
  }

  private void slotIsKept(Server server, List<Finding> findings) throws SQLException {
    long kept =
        server.number("SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'");
    if (kept >= 0 && kept < LITTLE_WAL_MIB) {
      findings.add(
          Finding.warning(
              name(),
              "max_slot_wal_keep_size is "
                  + kept
                  + " MB: a root that is away for longer loses its"
                  + " slot",
              "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT" + " pg_reload_conf()"));
    }
    long idle =
        server.number(
            "SELECT setting FROM pg_settings WHERE name = 'idle_replication_slot_timeout'");
    if (idle > 0) {
      findings.add(
          Finding.warning(
              name(),
              "idle_replication_slot_timeout is "
                  + idle
                  + " s: a root that is away for longer"
                  + " loses its slot",
              "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf()"));
    }
  }
}
