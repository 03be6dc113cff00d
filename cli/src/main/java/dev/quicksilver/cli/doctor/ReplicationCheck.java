package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.Failures;
import java.sql.SQLException;
import java.util.List;

/** Whether a connection can be had on which a slot is read. */
final class ReplicationCheck implements ServerCheck {
  @Override
  public String name() {
    return "replication";
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    try {
      Server.tryReplication(context.configuration());
      return List.of(Finding.ok(name(), "a connection for replication can be had"));
    } catch (SQLException e) {
      String role = server.role();
      String cure =
          switch (String.valueOf(e.getSQLState())) {
            case "42501" -> "ALTER ROLE " + role + " REPLICATION";
            case "53300" -> "ALTER SYSTEM SET max_wal_senders = 20; restart PostgreSQL";
            case "28000" -> "let " + role + " in from this machine in pg_hba.conf";
            default ->
                "connect to PostgreSQL itself: a pooler between (pgbouncer) does not replicate";
          };
      return List.of(
          Finding.error(
              name(),
              "no connection for replication can be had: " + Failures.describe(e).line(),
              cure));
    }
  }
}
