package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.migrations.MigrationException.Code;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.ServerErrorMessage;

final class MigrationsTest {
  private static EmbeddedPostgres postgres;
  private Connection connection;
  private SqlSession session;

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
  void begin() throws SQLException {
    connection = postgres.connect();
    session = new SqlSession(connection);
    connection.setAutoCommit(false);
  }

  @AfterEach
  void rollBack() throws SQLException {
    connection.rollback();
    connection.close();
  }

  @Test
  void runningAgainChangesNothing() {
    assertThat(Migrations.migrate(postgres.jdbcUrl(), "", "").applied()).isZero();
  }

  @Test
  void createsAndPublishesATable() throws SQLException {
    assertThat(session.query("SELECT quicksilver.create_database('dns')")).isEqualTo("dns");
    assertThat(
            session.query(
                "SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY schemaname,"
                    + " tablename) FROM pg_publication_tables WHERE pubname = 'quicksilver'"))
        .isEqualTo("public.dns quicksilver.catalog quicksilver.reader");
    assertThat(session.query("SELECT name || ' ' || \"table\" FROM quicksilver.databases"))
        .isEqualTo("dns dns");
  }

  @Test
  void takesEveryKeyAndValueTypeAndAnotherSchema() throws SQLException {
    session.execute("CREATE SCHEMA \"Odd one\"");
    for (String key : new String[] {"text", "bytea"}) {
      for (String value : new String[] {"text", "bytea", "json", "jsonb"}) {
        session.execute(
            "SELECT quicksilver.create_database('d_%s_%s', '%s', '%s', 'Odd one')"
                .formatted(key, value, key, value));
        session.execute("INSERT INTO \"Odd one\".d_%s_%s VALUES ('1', '1')".formatted(key, value));
      }
    }
    session.execute("SELECT quicksilver.create_database('select')");
    session.execute("INSERT INTO \"select\" VALUES ('a', 'b')");
  }

  @Test
  void sortsKeysAsTheEdgeDoes() throws SQLException {
    session.execute("SELECT quicksilver.create_database('dns')");
    session.execute("INSERT INTO dns SELECT k, '' FROM unnest(ARRAY['b','B','a','ä','~']) k");
    assertThat(session.query("SELECT string_agg(key, '' ORDER BY key) FROM dns"))
        .isEqualTo("Bab~ä");
  }

  @Test
  void refusesWhatTheEdgeCouldNotHoldAtTheStatement() throws SQLException {
    session.execute("SELECT quicksilver.create_database('dns')");
    refused("INSERT INTO dns VALUES ('', 'v')", "23514", "key_must_have_1_to_511_bytes");
    refused("INSERT INTO dns VALUES (repeat('ä', 256), 'v')", "23514", "key_must_have_1_to_511");
    refused("INSERT INTO dns VALUES ('k', repeat('x', 67108865))", "23514", "64_mib");
    refused("INSERT INTO dns VALUES ('k', NULL)", "23502", "value");
    refused("INSERT INTO dns VALUES ('k', ''), ('k', '')", "23505", "key_is_unique_dns");
    session.execute("INSERT INTO dns VALUES (repeat('k', 511), '')");
  }

  @Test
  void refusesBadNamesAndTypesWithAHint() throws SQLException {
    refusedWithHint("SELECT quicksilver.create_database('Dns')", "42602", "a-z");
    refusedWithHint("SELECT quicksilver.create_database(NULL)", "42602", "a-z");
    refusedWithHint("SELECT quicksilver.create_database('quicksilver')", "42939", "itself");
    refusedWithHint("SELECT quicksilver.create_database('dns_log')", "42939", "itself");
    refusedWithHint("SELECT quicksilver.create_database('d', 'float8')", "22023", "text or bytea");
    refusedWithHint("SELECT quicksilver.create_database('d', 'text', 'xml')", "22023", "jsonb");
    refusedWithHint(
        "SELECT quicksilver.create_database('d', table_schema => 'none')", "3F000", "Create it");
    refusedWithHint("SELECT quicksilver.drop_database('d')", "3D000", "databases");
    session.execute("SELECT quicksilver.create_database('d')");
    refusedWithHint("SELECT quicksilver.create_database('d')", "42P04", "another name");
  }

  @Test
  void dropsTheTableAndItsPublication() throws SQLException {
    session.execute("SELECT quicksilver.create_database('dns')");
    session.execute("SELECT quicksilver.drop_database('dns')");
    assertThat(session.query("SELECT count(*) FROM quicksilver.databases")).isEqualTo("0");
    assertThat(session.query("SELECT to_regclass('dns') IS NULL")).isEqualTo("t");
    session.execute("SELECT quicksilver.create_database('dns')");
  }

  @Test
  void dropsADatabaseWhoseTableIsGoneAlready() throws SQLException {
    session.execute("SELECT quicksilver.create_database('dns')");
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl DISABLE");
    session.execute("DROP TABLE dns");
    session.execute("SELECT quicksilver.drop_database('dns')");
    assertThat(session.query("SELECT count(*) FROM quicksilver.databases")).isEqualTo("0");
  }

  @Test
  void refusesAnEncodingOtherThanUtf8() throws SQLException {
    try (Connection other = postgres.connect();
        Statement statement = other.createStatement()) {
      statement.execute(
          "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0"
              + " LOCALE_PROVIDER libc LOCALE 'C'");
    }
    assertThatThrownBy(() -> Migrations.migrate(postgres.jdbcUrl("latin"), "", ""))
        .isInstanceOfSatisfying(
            MigrationException.class, e -> assertThat(e.code()).isEqualTo(Code.WRONG_ENCODING))
        .hasMessageContaining("LATIN1")
        .hasMessageContaining("ENCODING 'UTF8'");
  }

  @Test
  void aRoleThatMayNotCreateIsToldWhatToGrant() throws SQLException {
    try (Connection other = postgres.connect();
        Statement statement = other.createStatement()) {
      statement.execute("CREATE ROLE \"poor-root\" LOGIN CREATEROLE REPLICATION PASSWORD 'p'");
      statement.execute("CREATE DATABASE \"other app\"");
      String mine = postgres.jdbcUrl("other app");
      String url = mine.substring(0, mine.indexOf('?'));
      String cure = "GRANT CREATE ON DATABASE \"other app\" TO \"poor-root\"";
      assertThatThrownBy(() -> Migrations.migrate(url, "poor-root", "p"))
          .isInstanceOfSatisfying(
              MigrationException.class, e -> assertThat(e.code()).isEqualTo(Code.MISSING_RIGHT))
          .hasMessageStartingWith("role \"poor-root\" may not create")
          .hasMessageEndingWith(cure)
          .hasMessageNotContaining("\n");
      statement.execute(cure);
      assertThat(Migrations.migrate(url, "poor-root", "p").applied()).isPositive();
    }
  }

  @Test
  void saysThatItCannotConnect() {
    assertThatThrownBy(() -> Migrations.migrate(postgres.jdbcUrl("nowhere"), "", ""))
        .isInstanceOfSatisfying(
            MigrationException.class, e -> assertThat(e.code()).isEqualTo(Code.CANNOT_CONNECT))
        .hasMessageContaining("nowhere")
        .hasMessageNotContaining("\n");
  }

  private void refused(String sql, String state, String message) throws SQLException {
    ServerErrorMessage error = session.refusal(sql);
    assertThat(error.getSQLState()).as(sql).isEqualTo(state);
    assertThat(error.getMessage()).as(sql).contains(message);
  }

  private void refusedWithHint(String sql, String state, String hint) throws SQLException {
    ServerErrorMessage error = session.refusal(sql);
    assertThat(error.getSQLState()).as(error.getMessage()).isEqualTo(state);
    assertThat(error.getHint()).as(sql).contains(hint);
  }
}
