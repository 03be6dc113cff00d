package dev.quicksilver.cli.command;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.Preparation;
import dev.quicksilver.migrations.MigrationException;
import dev.quicksilver.migrations.Migrations;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;

/** Migrates a central PostgreSQL that was away when the root started. One thread. */
final class LateMigration implements Preparation {
  private final PostgresConnection postgres;
  private boolean done;

  LateMigration(PostgresConnection postgres) {
    this.postgres = postgres;
  }

  @Override
  public void run() throws SQLException {
    if (done) {
      return;
    }
    try {
      Migrations.migrate(postgres.url(), postgres.user(), postgres.password());
      done = true;
    } catch (MigrationException e) {
      String message = String.valueOf(e.getMessage());
      if (mayGoBetter(e)) {
        throw new SQLTransientConnectionException(message, e);
      }
      throw new GatewayException(GatewayException.ErrorCode.SCHEMA_MISSING, message);
    }
  }

  /** Whether PostgreSQL was away, or went away in the middle: it is migrated another time. */
  static boolean mayGoBetter(MigrationException e) {
    return e.code() == MigrationException.Code.CANNOT_CONNECT || isAway(e);
  }

  /** Whether a failure was a lost connection, a server that starts or stops, or one too busy. */
  static boolean isAway(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        if (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")) {
          return true;
        }
      }
    }
    return false;
  }
}
