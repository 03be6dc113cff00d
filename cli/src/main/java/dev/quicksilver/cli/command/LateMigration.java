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
      if (e.code() == MigrationException.Code.CANNOT_CONNECT) {
        throw new SQLTransientConnectionException(message, e);
      }
      throw new GatewayException(GatewayException.ErrorCode.SCHEMA_MISSING, message);
    }
  }
}
