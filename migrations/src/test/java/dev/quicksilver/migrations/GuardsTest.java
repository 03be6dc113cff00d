package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** What DDL may do to published tables. */
final class GuardsTest {
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
    session.execute("SELECT quicksilver.create_database('dns')");
    session.execute(
        "CREATE TABLE t (k varchar(9), i int, v text, x int, w varchar(9), PRIMARY KEY (k, i))");
    session.execute("ALTER TABLE t REPLICA IDENTITY FULL");
    session.execute("SELECT quicksilver.publish('t', 'd', value_columns => '{v,w}')");
    session.execute("CREATE TABLE p (k int PRIMARY KEY, n int) PARTITION BY RANGE (k)");
    session.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");
    session.execute("CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)");
    session.execute("INSERT INTO p VALUES (1, 1)");
    session.execute("SELECT quicksilver.publish('p', 'parts')");
    assertThat(session.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
  }

  @AfterEach
  void rollBack() throws SQLException {
    connection.rollback();
    connection.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DROP TABLE dns",
        "DROP TABLE t CASCADE",
        "DROP SCHEMA public CASCADE",
        "ALTER TABLE t DROP COLUMN v",
        "ALTER TABLE t DROP COLUMN v, ADD COLUMN v text DEFAULT 'other'",
        "ALTER TABLE t RENAME COLUMN v TO y",
        "ALTER TABLE t ALTER v TYPE bytea USING v::bytea",
        "ALTER TABLE t ALTER v TYPE text USING upper(v)",
        "ALTER TABLE t ALTER w TYPE varchar(3) USING left(w, 3)",
        "ALTER TABLE t ALTER w TYPE text",
        "ALTER TABLE t REPLICA IDENTITY DEFAULT",
        "ALTER TABLE t REPLICA IDENTITY NOTHING",
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (k, i) DEFERRABLE",
        "ALTER TABLE t DROP CONSTRAINT quicksilver_key_must_have_1_to_511_bytes",
        "ALTER TABLE dns DROP CONSTRAINT value_must_not_exceed_64_mib",
        "ALTER TABLE dns ALTER value DROP NOT NULL",
        "CREATE TABLE child () INHERITS (t)",
        "ALTER PUBLICATION quicksilver DROP TABLE t",
        "ALTER PUBLICATION quicksilver DROP TABLE quicksilver.catalog",
        "ALTER PUBLICATION quicksilver SET TABLE quicksilver.catalog, quicksilver.reader, dns, p, t"
            + " WHERE (x > 0)",
        "ALTER PUBLICATION quicksilver SET (publish = 'insert')",
        "DROP PUBLICATION quicksilver",
        "ALTER TABLE p DETACH PARTITION p1",
        "DROP TABLE p1",
        "DROP TABLE p2",
        "TRUNCATE p1",
        "CREATE UNLOGGED TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)",
        "ALTER TABLE p1 DISABLE TRIGGER ALL",
        "ALTER TABLE p1 DISABLE TRIGGER USER",
        "ALTER TABLE p DISABLE TRIGGER ALL",
        "ALTER TABLE p1 ENABLE TRIGGER quicksilver_truncate_whole",
        "ALTER TABLE p1 ENABLE REPLICA TRIGGER quicksilver_truncate_whole",
        "DROP TRIGGER quicksilver_truncate_whole ON p1",
        "DROP TRIGGER quicksilver_truncate_begins ON p",
        "DROP FUNCTION quicksilver.note_truncate() CASCADE",
        "SET LOCAL session_replication_role = replica; TRUNCATE p1",
        "SET LOCAL session_replication_role = replica; ALTER TABLE p1 DISABLE TRIGGER ALL",
        "SET LOCAL session_replication_role = replica; ALTER TABLE t DROP COLUMN v",
        "SET LOCAL session_replication_role = replica; DROP TABLE p1",
        "SET LOCAL session_replication_role = replica; ALTER TABLE t ALTER v TYPE text USING"
            + " upper(v)",
        "SELECT set_config('quicksilver.truncating', 'p'::regclass::oid::text, true); TRUNCATE p1",
        "CREATE TABLE above (LIKE p INCLUDING ALL) PARTITION BY RANGE (k);"
            + " SELECT quicksilver.publish('above', 'above');"
            + " ALTER TABLE above ATTACH PARTITION p FOR VALUES FROM (0) TO (20)",
        "CREATE TABLE q (LIKE p INCLUDING ALL) PARTITION BY RANGE (k); CREATE TABLE q1 PARTITION OF"
            + " q FOR VALUES FROM (30) TO (40); INSERT INTO q VALUES (30, 1); ALTER TABLE p ATTACH"
            + " PARTITION q FOR VALUES FROM (30) TO (40)",
        "ALTER SCHEMA public RENAME TO moved; DROP TABLE moved.p1",
        "ALTER PUBLICATION quicksilver SET TABLE quicksilver.reader, dns, p, t, quicksilver.catalog"
            + " WHERE (name <> 'hidden')",
        "ALTER TABLE quicksilver.catalog REPLICA IDENTITY NOTHING",
        "ALTER TABLE quicksilver.catalog DISABLE TRIGGER ALL",
        "ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (x + 1) STORED",
      })
  void refusesWhatADatabaseCouldNotFollow(String sql) throws SQLException {
    ServerErrorMessage error = session.refusal(sql);
    assertThat(error.getSQLState()).as(error.getMessage()).isIn("55000", "42809");
    assertThat(error.getHint()).as(sql).isNotBlank();
    assertThat(session.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ALTER TABLE t ADD COLUMN more text DEFAULT 'x'",
        "ALTER TABLE t ADD COLUMN more float DEFAULT random()",
        "ALTER TABLE t DROP COLUMN x",
        "ALTER TABLE t RENAME COLUMN x TO y",
        "ALTER TABLE t ALTER w TYPE varchar(20)",
        "ALTER TABLE t ALTER v SET NOT NULL",
        "ALTER TABLE t RENAME TO other",
        "ALTER TABLE t RENAME TO other; ALTER TABLE dns RENAME TO t; ALTER TABLE other RENAME TO"
            + " dns",
        "CREATE SCHEMA moved; ALTER TABLE t SET SCHEMA moved; ALTER SCHEMA moved RENAME TO again",
        "CREATE TABLE q (LIKE p INCLUDING ALL) PARTITION BY RANGE (k); ALTER TABLE p ATTACH"
            + " PARTITION q FOR VALUES FROM (30) TO (40); CREATE TABLE q1 PARTITION OF q FOR VALUES"
            + " FROM (30) TO (40); INSERT INTO p VALUES (30, 1); TRUNCATE p; ALTER TABLE q DETACH"
            + " PARTITION q1; ALTER TABLE p DETACH PARTITION q",
        "SET LOCAL session_replication_role = replica; TRUNCATE p",
        "ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE t ENABLE TRIGGER ALL",
        "CREATE INDEX ON t (x)",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (x > 0)",
        "CREATE TABLE unrelated (a int)",
        "CREATE TEMP TABLE brief (a int) ON COMMIT DROP",
        "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)",
        "ALTER TABLE p DETACH PARTITION p2",
        "DELETE FROM p; ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1",
        "TRUNCATE p",
        "SELECT quicksilver.unpublish('parts'); TRUNCATE p1; DROP TABLE p",
        "SELECT quicksilver.unpublish('d'); DROP TABLE t",
        "SELECT quicksilver.drop_database('dns')",
        "DROP SCHEMA quicksilver CASCADE",
      })
  void letsPassWhatHarmsNoDatabase(String sql) throws SQLException {
    session.execute(sql);
    assertThat(session.query("SELECT to_regclass('quicksilver.cluster') IS NULL"))
        .isEqualTo(sql.contains("SCHEMA quicksilver") ? "t" : "f");
  }

  @Test
  void refusesToRewriteATableForAnyColumnOfAnotherType() throws SQLException {
    assertThat(session.refusal("ALTER TABLE t ALTER x TYPE bigint").getMessage())
        .contains("rewrite");
  }

  @Test
  void takesAPartitionOnlyWhileItIsEmpty() throws SQLException {
    session.execute("CREATE TABLE p3 (LIKE p INCLUDING ALL)");
    session.execute("INSERT INTO p3 VALUES (20, 1)");
    String attach = "ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM (20) TO (30)";
    assertThat(session.refusal(attach).getMessage()).contains("has rows");
    session.execute("TRUNCATE p3");
    session.execute(attach);
    assertThat(session.refusal("TRUNCATE p3").getHint()).contains("DELETE FROM public.p3");
    session.execute("TRUNCATE p");
    assertThat(session.refusal("TRUNCATE p3").getHint()).contains("TRUNCATE public.p");
  }

  @Test
  void keepsTheNameOfATableThatIsRenamed() throws SQLException {
    session.execute("CREATE SCHEMA moved");
    session.execute("ALTER TABLE t SET SCHEMA moved");
    session.execute("ALTER SCHEMA moved RENAME TO again");
    session.execute("ALTER TABLE again.t RENAME TO other");
    assertThat(
            session.query(
                "SELECT table_schema || '.' || table_name || ' ' || state"
                    + " FROM quicksilver.catalog_table WHERE name = 'd'"))
        .isEqualTo("again.other there");
    assertThat(session.refusal("UPDATE quicksilver.catalog SET relation = 1").getMessage())
        .contains("not changed");
  }

  @Test
  void namesTheIdentityThatAColumnMakesNecessary() throws SQLException {
    session.execute("CREATE TABLE short (k int PRIMARY KEY, a varchar(9), b int)");
    session.execute("SELECT quicksilver.publish('short', 'short')");
    String sql = "ALTER TABLE short ADD COLUMN note text";
    assertThat(session.refusal(sql).getHint())
        .isEqualTo("ALTER TABLE public.short REPLICA IDENTITY FULL first.");
    session.execute("ALTER TABLE short REPLICA IDENTITY FULL");
    session.execute(sql);
  }

  @Test
  void givesANewPartitionTheIdentityThatItsTableNeeds() throws SQLException {
    session.execute(
        "CREATE TABLE full_p (k int PRIMARY KEY, a text, b text) PARTITION BY LIST (k)");
    session.execute("ALTER TABLE full_p REPLICA IDENTITY FULL");
    session.execute("SELECT quicksilver.publish('full_p', 'full_p')");
    session.execute(
        "CREATE TABLE full_1 PARTITION OF full_p FOR VALUES IN (1) PARTITION BY LIST (k)");
    session.execute("CREATE TABLE full_11 PARTITION OF full_1 FOR VALUES IN (1)");
    session.execute("CREATE TABLE full_2 (LIKE full_p INCLUDING ALL)");
    session.execute("ALTER TABLE full_p ATTACH PARTITION full_2 FOR VALUES IN (2)");
    session.execute("CREATE TABLE full_3 (LIKE full_p INCLUDING ALL) PARTITION BY LIST (k)");
    session.execute("CREATE TABLE full_31 PARTITION OF full_3 FOR VALUES IN (3)");
    session.execute("ALTER TABLE full_p ATTACH PARTITION full_3 FOR VALUES IN (3)");
    assertThat(
            session.query(
                "SELECT string_agg(relreplident, '') FROM pg_class WHERE relname LIKE 'full__'"
                    + " OR relname IN ('full_11', 'full_31')"))
        .isEqualTo("ffffff");
    assertThat(session.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
  }

  @Test
  void tellsOfWhatWasSwitchedOffOrCameUnnoticed() throws SQLException {
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl DISABLE");
    session.execute("ALTER TABLE p1 DISABLE TRIGGER ALL");
    session.execute("TRUNCATE p1");
    session.execute("ALTER TABLE p1 ENABLE TRIGGER ALL");
    session.execute("CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)");
    session.execute("ALTER TABLE t RENAME TO other");
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS");
    session.execute("CREATE TABLE unrelated (a int)");
    assertThat(
            session.query(
                "SELECT string_agg(problem, E'\\n"
                    + "' ORDER BY problem COLLATE \"C\") FROM quicksilver.problems()"))
        .isEqualTo(
            "its table was renamed unnoticed\n"
                + "partition public.p3 of its table came unnoticed, so its rows may be missing\n"
                + "trigger quicksilver_truncate_whole of public.p1 is gone or not enabled always,"
                + " so a TRUNCATE can pass it by");
    assertThat(session.refusal("SELECT quicksilver.unpublish('d')").getHint())
        .contains("its name public.t back");
    session.execute("ALTER TABLE other RENAME TO t");
    session.execute("SELECT quicksilver.unpublish('parts')");
    session.execute("SELECT quicksilver.publish('p', 'parts')");
    assertThat(session.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
  }

  @Test
  void isNotInTheWayOfThoseWhoMayNotReadTheCatalog() throws SQLException {
    session.execute("CREATE ROLE app");
    session.execute("GRANT CREATE ON SCHEMA public TO app");
    session.execute("SET ROLE app");
    session.execute("CREATE TABLE theirs (a int)");
    session.execute("DROP TABLE theirs");
    session.execute("RESET ROLE");
  }

  @Test
  void isNotInTheWayOfACure() throws SQLException {
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl DISABLE");
    session.execute("ALTER TABLE dns ALTER value DROP NOT NULL");
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS");
    assertThat(session.query("SELECT database || ': ' || problem FROM quicksilver.problems()"))
        .isEqualTo("dns: its value may be null");
    session.execute("CREATE TABLE unrelated (a int)");
    session.execute("ALTER TABLE dns ALTER value SET NOT NULL");
    assertThat(session.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
  }
}
