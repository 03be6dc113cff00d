package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** What each role may do, by logging in as one that has it. */
final class RightsTest {
  private static final String DENIED = "42501";

  /** Reached and refused for another reason than rights: nobody listens to the wait. */
  private static final String IN_VAIN = "QS001";

  private static EmbeddedPostgres postgres;

  @BeforeAll
  static void start() throws SQLException {
    postgres = EmbeddedPostgres.start();
    Migrations.migrate(postgres.jdbcUrl(), postgres.user(), postgres.password());
    try (Connection connection = postgres.connect()) {
      SqlSession session = new SqlSession(connection);
      session.execute("SELECT quicksilver.create_database('dns')");
      session.execute("CREATE ROLE nobody LOGIN PASSWORD 'p'");
      for (String role : new String[] {"reader", "writer", "admin"}) {
        session.execute(
            "CREATE ROLE a_" + role + " LOGIN PASSWORD 'p' IN ROLE quicksilver_" + role);
      }
      session.execute("CREATE ROLE boss LOGIN PASSWORD 'p' IN ROLE quicksilver_reader");
      session.execute("GRANT a_writer TO boss WITH ADMIN OPTION");
      session.execute("SELECT quicksilver.grant_read('a_writer', 'dns')");
      session.execute("SELECT quicksilver.grant_read('nobody', 'dns')");
      session.execute("CREATE SCHEMA of_admin AUTHORIZATION a_admin");
      session.execute("CREATE TABLE private (k text PRIMARY KEY, v text NOT NULL)");
      session.execute("CREATE TABLE others (k text PRIMARY KEY, v text NOT NULL)");
      session.execute("SELECT quicksilver.publish('others', 'of_postgres')");
    }
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private static Connection login(String role) throws SQLException {
    String url = postgres.jdbcUrl();
    return DriverManager.getConnection(url.substring(0, url.indexOf('?')), role, "p");
  }

  /**
   * Runs a statement in a transaction that is rolled back; the SQLSTATE, or "" if all went well.
   */
  private static String outcome(String role, String sql) throws SQLException {
    try (Connection connection = login(role)) {
      connection.setAutoCommit(false);
      try {
        new SqlSession(connection).execute(sql);
        return "";
      } catch (PSQLException e) {
        return String.valueOf(e.getSQLState());
      } finally {
        connection.rollback();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM quicksilver.databases",
        "SELECT * FROM quicksilver.replicas",
        "SELECT * FROM quicksilver.cluster",
        "SELECT * FROM quicksilver.problems()",
      })
  void everyRoleOfOursSeesWhatIsWhere(String sql) throws SQLException {
    assertThat(outcome("a_reader", sql)).isEmpty();
    assertThat(outcome("a_writer", sql)).isEmpty();
    assertThat(outcome("a_admin", sql)).isEmpty();
    assertThat(outcome("nobody", sql)).isEqualTo(DENIED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT quicksilver.wait_sequenced('0')",
        "SELECT quicksilver.wait_sequenced('dns', '0')",
        "SELECT quicksilver.wait_for_propagation('dns', timeout => '0')",
        "SELECT quicksilver.wait_for_propagation('dns', 0.5, '0')",
        "SELECT quicksilver.wait_for_propagation('dns', 'fra', '0')",
        "SELECT quicksilver.sequence_of('dns', '0/1', '0')",
      })
  void everyRoleOfOursMayWait(String sql) throws SQLException {
    assertThat(outcome("a_reader", sql)).isEqualTo(IN_VAIN);
    assertThat(outcome("a_writer", sql)).isEqualTo(IN_VAIN);
    assertThat(outcome("a_admin", sql)).isEqualTo(IN_VAIN);
    assertThat(outcome("nobody", sql)).isEqualTo(DENIED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM dns",
        "INSERT INTO dns VALUES ('a', '1') ON CONFLICT (key) DO UPDATE SET value = '2'",
        "UPDATE dns SET value = '3'",
        "DELETE FROM dns",
      })
  void onlyAWriterWrites(String sql) throws SQLException {
    assertThat(outcome("a_writer", sql)).isEmpty();
    assertThat(outcome("a_reader", sql)).isEqualTo(DENIED);
    assertThat(outcome("a_admin", sql)).isEqualTo(DENIED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT quicksilver.create_database('made')",
        "SELECT quicksilver.create_database('made', table_schema => 'of_admin')",
        "SELECT quicksilver.drop_database('dns')",
        "SELECT quicksilver.create_database('made'); SELECT quicksilver.drop_database('made')",
        "CREATE TABLE of_admin.t (k text PRIMARY KEY, b bytea NOT NULL);"
            + " INSERT INTO of_admin.t VALUES ('k', 'v');"
            + " SELECT quicksilver.publish('of_admin.t', 't');"
            + " SELECT quicksilver.unpublish('t')",
        "CREATE TABLE of_admin.p (k bytea, l int, v text NOT NULL, PRIMARY KEY (k, l)) PARTITION BY"
            + " LIST (l); CREATE TABLE of_admin.p1 PARTITION OF of_admin.p DEFAULT; ALTER TABLE"
            + " of_admin.p REPLICA IDENTITY FULL; ALTER TABLE of_admin.p1 REPLICA IDENTITY FULL;"
            + " SELECT quicksilver.publish('of_admin.p', 'p'); INSERT INTO of_admin.p VALUES ('k',"
            + " 1, 'v'); TRUNCATE of_admin.p",
      })
  void anAdminMakesPublishesAndDrops(String sql) throws SQLException {
    assertThat(outcome("a_admin", sql)).isEmpty();
    assertThat(outcome("a_writer", sql)).isEqualTo(DENIED);
    assertThat(outcome("a_reader", sql)).isEqualTo(DENIED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT quicksilver.grant_read('a_reader', 'dns')",
        "SELECT quicksilver.revoke_read('nobody', 'dns')",
        "SELECT quicksilver.revoke_read('nobody', '*')",
        "SELECT quicksilver.refresh_verifiers()",
        "SELECT * FROM quicksilver.readers",
        "CREATE TABLE of_admin.t (k text PRIMARY KEY, v text NOT NULL);"
            + " SELECT quicksilver.publish('of_admin.t', 't');"
            + " SELECT quicksilver.grant_read('nobody', 't')",
      })
  void anAdminSaysWhoReads(String sql) throws SQLException {
    assertThat(outcome("a_admin", sql)).isEmpty();
    assertThat(outcome("a_writer", sql)).isEqualTo(DENIED);
    assertThat(outcome("a_reader", sql)).isEqualTo(DENIED);
  }

  /** Whoever sets a role's verifier reads as it: nobody may who could not set its password. */
  @Test
  void aVerifierIsItsRolesOwn() throws SQLException {
    String set = "SELECT quicksilver.set_verifier('a_writer', NULL)";
    assertThat(outcome("a_writer", set)).isEmpty();
    assertThat(outcome("boss", set)).as("has ADMIN OPTION").isEmpty();
    assertThat(outcome("a_admin", set)).isEqualTo(DENIED);
    assertThat(outcome("a_reader", set)).isEqualTo(DENIED);
    assertThat(outcome("a_reader", "SELECT quicksilver.set_verifier('none', NULL)"))
        .isEqualTo(DENIED);
    assertThat(outcome("nobody", "SELECT quicksilver.set_verifier('nobody', NULL)"))
        .isEqualTo(DENIED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT quicksilver.grant_read('nobody', '*')",
        "SELECT quicksilver.grant_read('nobody', 'of_postgres')",
        "SELECT quicksilver.grant_read('postgres', 'dns')",
        "SELECT verifier FROM quicksilver.reader",
        "SELECT role FROM quicksilver.reader",
        "INSERT INTO quicksilver.reader VALUES ('nobody', NULL, '{*}')",
        "UPDATE quicksilver.reader SET databases = '{*}'",
        "DELETE FROM quicksilver.reader",
        "SELECT * FROM quicksilver.central_verifiers()",
        "SELECT quicksilver.central_verifier('nobody', NULL)",
        "SELECT quicksilver.send_readers_again()",
        "SELECT quicksilver.forget_reads('dns')",
        "SELECT quicksilver.follow_revokes('[]')",
        "SELECT quicksilver.publish('private', 'stolen')",
        "SELECT quicksilver.drop_database('of_postgres')",
        "SELECT quicksilver.unpublish('of_postgres')",
        "SELECT quicksilver.register('private', 'stolen', 'text', 'text', NULL)",
        "SELECT quicksilver.create_database('made', table_schema => 'quicksilver')",
        "DELETE FROM quicksilver.catalog",
        "INSERT INTO quicksilver.sequenced SELECT",
        "INSERT INTO quicksilver.replica SELECT",
        "TRUNCATE quicksilver.answer",
        "ALTER PUBLICATION quicksilver DROP TABLE dns",
        "DROP TABLE dns",
        "SELECT quicksilver.tell_root('wait')",
        "SELECT quicksilver.guard_partitions('dns'::regclass, true)",
      })
  void noRoleOfOursReachesFurther(String sql) throws SQLException {
    assertThat(outcome("a_admin", sql)).isEqualTo(DENIED);
    assertThat(outcome("a_writer", sql)).isEqualTo(DENIED);
    assertThat(outcome("a_reader", sql)).isEqualTo(DENIED);
  }

  @Test
  void aRoleThatWasSetCountsAndNotTheOneThatLoggedIn() throws SQLException {
    try (Connection connection = postgres.connect()) {
      connection.setAutoCommit(false);
      SqlSession session = new SqlSession(connection);
      session.execute("SET ROLE a_admin");
      assertThat(session.refusal("SELECT quicksilver.publish('private', 'stolen')").getSQLState())
          .isEqualTo(DENIED);
      connection.rollback();
    }
  }

  @Test
  void whatRunsWithItsOwnersRightsHasAFixedPathAndIsNotForAll() throws SQLException {
    try (Connection connection = postgres.connect()) {
      SqlSession session = new SqlSession(connection);
      String ours =
          "SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '') FROM pg_proc p"
              + " WHERE p.pronamespace = 'quicksilver'::regnamespace";
      assertThat(
              session.query(
                  ours
                      + " AND p.prosecdef AND NOT coalesce('search_path=pg_catalog, pg_temp' ="
                      + " ANY (p.proconfig), false)"))
          .isEmpty();
      assertThat(session.query(ours + " AND has_function_privilege('nobody', p.oid, 'EXECUTE')"))
          .isEqualTo("quicksilver.encoded_length(bytea), quicksilver.reads_at_the_edges()");
      assertThat(session.query("SELECT has_schema_privilege('nobody', 'quicksilver', 'USAGE')"))
          .isEqualTo("f");
    }
  }

  @Test
  void aSecondDatabaseOfTheClusterUsesTheSameRoles() throws SQLException {
    try (Connection connection = postgres.connect()) {
      new SqlSession(connection).execute("CREATE DATABASE second");
    }
    assertThat(Migrations.migrate(postgres.jdbcUrl("second"), "", "").applied()).isPositive();
  }

  @Test
  void saysWhatAnAdministratorHasToRun() throws SQLException {
    try (EmbeddedPostgres own = EmbeddedPostgres.start();
        Connection connection = own.connect()) {
      SqlSession session = new SqlSession(connection);
      session.execute("CREATE ROLE app LOGIN PASSWORD 'p'");
      session.execute("CREATE DATABASE app OWNER app");
      String url = own.jdbcUrl("app");
      url = url.substring(0, url.indexOf('?'));
      String to = url;
      assertThatThrownBy(() -> Migrations.migrate(to, "app", "p"))
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("CREATEROLE")
          .hasMessageContaining("CREATE ROLE quicksilver_reader NOLOGIN")
          .hasMessageContaining("CREATE ROLE quicksilver_admin NOLOGIN");
      for (String role : new String[] {"reader", "writer", "admin"}) {
        session.execute("CREATE ROLE quicksilver_" + role + " NOLOGIN");
      }
      assertThat(Migrations.migrate(to, "app", "p").applied()).isPositive();
      try (Connection owner = DriverManager.getConnection(to, "app", "p")) {
        new SqlSession(owner).execute("SELECT quicksilver.create_database('dns')");
      }
    }
  }

  @Test
  void refusesToWaitWhereThatCannotEnd() throws SQLException {
    try (Connection connection = login("a_writer")) {
      connection.setAutoCommit(false);
      SqlSession session = new SqlSession(connection);
      assertThat(session.refusal("SELECT quicksilver.wait_sequenced('none', '1s')").getSQLState())
          .isEqualTo("3D000");
      assertThat(session.refusal("SELECT quicksilver.wait_sequenced('-1s')").getSQLState())
          .isEqualTo("22023");
      assertThat(
              session.refusal("SELECT quicksilver.wait_for_propagation('dns', 1.5)").getSQLState())
          .isEqualTo("22023");
      assertThat(session.refusal("SELECT quicksilver.sequence_of('F/0')").getSQLState())
          .isEqualTo("22023");
      assertThat(session.refusal("SELECT quicksilver.wait_sequenced('0')").getHint())
          .contains("has a root ever been started?");
      session.execute("INSERT INTO dns VALUES ('a', '1')");
      for (String call :
          new String[] {
            "wait_sequenced('1s')", "wait_for_propagation('dns')", "sequence_of('0/1')"
          }) {
        assertThat(session.refusal("SELECT quicksilver." + call))
            .satisfies(e -> assertThat(e.getSQLState()).isEqualTo("25001"))
            .satisfies(e -> assertThat(e.getHint()).contains("COMMIT first"));
      }
      connection.rollback();
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      assertThat(session.refusal("SELECT quicksilver.wait_for_propagation('dns')").getSQLState())
          .isEqualTo("25001");
      connection.rollback();
    }
  }
}
