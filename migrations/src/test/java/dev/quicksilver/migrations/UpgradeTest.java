package dev.quicksilver.migrations;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;

/** What an earlier version left behind, as this one finds it. */
final class UpgradeTest {
  /** The view as it was when a row was its name's. */
  private static final String VIEW_3 =
      """
      CREATE VIEW quicksilver.replicas AS
      SELECT r.node AS name, r.location, r.database, r.upstream, r.sequence,
             greatest(s.sequence - r.sequence, 0) AS behind, r.lag, r.state,
             r.commit_time AS last_commit, r.heard_at AS last_heard
      FROM quicksilver.replica r LEFT JOIN quicksilver.sequenced s ON s.database = r.database\
      """;

  @Test
  void aCatalogOfBeforeThereWereReadersGetsThemAndStaysAsItIs() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Connection connection = postgres.connect()) {
      Flyway.configure()
          .dataSource(postgres.jdbcUrl(), null, null)
          .schemas(Migrations.SCHEMA)
          .locations("classpath:dev/quicksilver/migrations")
          .target("5")
          .load()
          .migrate();
      SqlSession session = new SqlSession(connection);
      session.execute(
          "CREATE TABLE dns (key text COLLATE \"C\" CONSTRAINT key_is_unique_dns PRIMARY KEY"
              + " CONSTRAINT key_must_have_1_to_511_bytes CHECK (octet_length(key) BETWEEN 1 AND"
              + " 511), value text NOT NULL CONSTRAINT value_must_not_exceed_64_mib CHECK"
              + " (octet_length(value) <= 67108864))");
      session.execute("INSERT INTO dns VALUES ('a', '1')");
      session.execute(
          "INSERT INTO quicksilver.catalog (name, key_type, value_type, table_schema, table_name,"
              + " relation) VALUES ('dns', 'text', 'text', 'public', 'dns', 'dns'::regclass)");
      session.execute("ALTER PUBLICATION quicksilver ADD TABLE dns");
      session.execute(
          "INSERT INTO quicksilver.root (slot_name, place) VALUES ('quicksilver_postgres', NULL)");
      String catalog = "SELECT to_jsonb(c)::text FROM quicksilver.catalog c";
      String before = session.query(catalog);

      Migrations.migrate(postgres.jdbcUrl(), "", "");

      assertThat(session.query(catalog)).isEqualTo(before);
      assertThat(session.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
      assertThat(session.query("SELECT knows_readers FROM quicksilver.root")).isEqualTo("f");
      session.execute("CREATE ROLE app LOGIN PASSWORD 'p'");
      session.execute("SELECT quicksilver.grant_read('app', 'dns')");
      assertThat(session.query("SELECT has_verifier FROM quicksilver.readers")).isEqualTo("t");
      assertThat(
              session.query(
                  "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables"
                      + " WHERE pubname = 'quicksilver'"))
          .isEqualTo("catalog dns reader");
    }
  }

  @Test
  void rowsOfNodesThatHadNothingButANameStayAsTheRootNamesThem() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Connection connection = postgres.connect()) {
      Flyway.configure()
          .dataSource(postgres.jdbcUrl(), null, null)
          .schemas(Migrations.SCHEMA)
          .locations("classpath:dev/quicksilver/migrations")
          .target("3")
          .load()
          .migrate();
      SqlSession session = new SqlSession(connection);
      session.execute(VIEW_3);
      session.execute("GRANT SELECT ON quicksilver.replicas TO quicksilver_reader");
      session.execute("CREATE VIEW mine AS SELECT name, behind FROM quicksilver.replicas");
      List<String> names = new ArrayList<>(List.of("quicksilver", "Größe", "日本", "a b"));
      for (int i = 0; i < 100; i++) {
        names.add("edge-" + i);
      }
      for (String name : names) {
        for (String database : List.of("dns", "quicksilver")) {
          session.execute(
              "INSERT INTO quicksilver.replica SELECT '%s', '%s', 'fra', 'root', 'STREAMING', 7,"
                      .formatted(database, name)
                  + " now(), NULL, now()");
        }
      }

      Migrations.migrate(postgres.jdbcUrl(), "", "");

      assertThat(session.query("SELECT count(*) FROM mine"))
          .isEqualTo(Integer.toString(2 * names.size()));
      try (ResultSet rows =
          connection
              .createStatement()
              .executeQuery(
                  "SELECT name, instance, problem FROM quicksilver.replicas ORDER BY random()")) {
        while (rows.next()) {
          assertThat(rows.getObject(2))
              .isEqualTo(UUID.nameUUIDFromBytes(rows.getString(1).getBytes(UTF_8)));
          assertThat(rows.getString(3)).isNull();
        }
      }
      session.execute("SET ROLE quicksilver_reader");
      session.execute("SELECT * FROM quicksilver.replicas");
    }
  }
}
