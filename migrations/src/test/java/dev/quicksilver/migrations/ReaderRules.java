package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.postgresql.util.ServerErrorMessage;

/**
 * A PostgreSQL with databases, roles and nobody who may read at the edges; rolled back after each
 * test.
 */
abstract class ReaderRules {
  static final String VERIFIER =
      "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$" + "A".repeat(43) + "=:" + "B".repeat(43) + "=";

  static EmbeddedPostgres postgres;
  Connection connection;
  SqlSession session;

  @BeforeAll
  static void start() {
    postgres = EmbeddedPostgres.start();
    Migrations.migrate(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  @BeforeEach
  final void begin() throws SQLException {
    connection = postgres.connect();
    session = new SqlSession(connection);
    connection.setAutoCommit(false);
    for (String database : List.of("dns", "page_rules", "zones")) {
      session.execute("SELECT quicksilver.create_database('" + database + "')");
    }
    session.execute("CREATE ROLE ann LOGIN PASSWORD '" + VERIFIER + "'");
    session.execute("CREATE ROLE bob LOGIN");
    session.execute("CREATE ROLE crew");
  }

  @AfterEach
  final void rollBack() throws SQLException {
    connection.rollback();
    connection.close();
  }

  /** The table, but for what a verifier is. */
  final String rows() throws SQLException {
    return session.query(
        "SELECT coalesce(string_agg(format('%s %s %s', role, databases, CASE WHEN verifier IS NULL"
            + " THEN '-' ELSE 'v' END), '; ' ORDER BY role), '') FROM quicksilver.reader");
  }

  final String problems() throws SQLException {
    return session.query(
        "SELECT coalesce(string_agg(problem, '; ' ORDER BY problem), '') FROM"
            + " quicksilver.problems()");
  }

  final String cures() throws SQLException {
    return session.query(
        "SELECT coalesce(string_agg(cure, '; ' ORDER BY cure), '') FROM quicksilver.problems()");
  }

  /** What PostgreSQL says beside the result, with its hints. */
  final List<String> warnings(String sql) throws SQLException {
    List<String> warnings = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      for (SQLWarning w = statement.getWarnings(); w != null; w = w.getNextWarning()) {
        warnings.add(((org.postgresql.util.PSQLWarning) w).getServerErrorMessage().toString());
      }
    }
    return warnings;
  }

  final void refused(String sql, String state, String message, String hint) throws SQLException {
    ServerErrorMessage error = session.refusal(sql);
    assertThat(error.getSQLState()).as(error.toString()).isEqualTo(state);
    assertThat(error.getMessage()).contains(message);
    assertThat(error.getHint()).as(sql).contains(hint);
  }
}
