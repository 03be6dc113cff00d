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
