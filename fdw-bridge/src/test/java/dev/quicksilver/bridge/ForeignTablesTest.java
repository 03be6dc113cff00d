package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Following;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same queries on foreign tables and on local copies, through stock postgres_fdw of PostgreSQL
 * 18.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ForeignTablesTest {
  private EdgeLab lab;
  private Path data;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    data = directory;
    lab = new EdgeLab(data);
  }

  @AfterAll
  void stop() throws SQLException {
    lab.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM dns",
        "SELECT key FROM dns",
        "SELECT value, updated_at FROM dns WHERE key = 'a'",
        "SELECT * FROM dns WHERE key = 'no such key'",
        "SELECT * FROM dns WHERE key IN ('a', 'b', '😀', 'missing')",
        "SELECT * FROM dns WHERE key = ANY (ARRAY['é', 'quo''te', NULL])",
        "SELECT key FROM dns WHERE key >= 'host000500' AND key < 'host000510'",
        "SELECT key FROM dns WHERE key BETWEEN 'a' AND 'b'",
        "SELECT key FROM dns WHERE key > 'z'",
        "SELECT key FROM dns WHERE key <= ' '",
        "SELECT key FROM dns WHERE key LIKE 'host00012%'",
        "SELECT key FROM dns WHERE key LIKE '%5.example%'",
        "SELECT key FROM dns WHERE key LIKE '100\\%'",
        "SELECT key FROM dns WHERE key LIKE '__'",
        "SELECT key FROM dns WHERE key ILIKE 'ä%' OR key ILIKE 'A_'",
        "SELECT key FROM dns WHERE key NOT LIKE 'host%'",
        "SELECT key FROM dns WHERE key ^@ '😀'",
        "SELECT key FROM dns WHERE key ~ '^host0000[0-3]'",
        "SELECT key FROM dns WHERE key ~* '^HOST00000'",
        "SELECT key FROM dns WHERE key !~ 'host'",
        "SELECT key FROM dns WHERE starts_with(key, 'host00099')",
        "SELECT key, sequence FROM dns ORDER BY key LIMIT 5",
        "SELECT key FROM dns ORDER BY key DESC LIMIT 7 OFFSET 3",
        "SELECT key FROM dns WHERE key > 'host0005' ORDER BY key LIMIT 3",
        "SELECT key FROM dns ORDER BY sequence DESC, key LIMIT 5",
        "SELECT key FROM dns ORDER BY length(key), key LIMIT 20",
        "SELECT count(*) FROM dns",
        "SELECT count(*) FROM dns WHERE key LIKE 'host0001%'",
        "SELECT count(*), min(key), max(key), sum(sequence), avg(sequence) FROM dns",
        "SELECT count(value) FROM dns",
        "SELECT sequence % 10, count(*), max(key) FROM dns GROUP BY 1 ORDER BY 1",
        "SELECT substring(key, 1, 10), count(*) FROM dns GROUP BY 1 HAVING count(*) > 5 ORDER BY 1",
        "SELECT count(DISTINCT left(key, 7)) FROM dns",
        "SELECT min(updated_at), max(updated_at) FROM dns",
        "SELECT key FROM dns WHERE updated_at > '2024-01-01 00:01:30+00'",
        "SELECT key FROM dns WHERE sequence = 37 OR key = 'a'",
        "SELECT key FROM dns WHERE sequence > 1020.5",
        "SELECT key, upper(key), lower(key), length(key), octet_length(key) FROM dns WHERE sequence"
            + " > 1000",
        "SELECT key FROM dns WHERE 1 / (sequence - 5) > 0",
        "SELECT key FROM dns WHERE value LIKE '%.7'",
        "SELECT d.key, p.value FROM dns d JOIN pages p ON d.key = p.key",
        "SELECT d.key, p.key FROM dns d LEFT JOIN pages p ON d.sequence = p.sequence WHERE"
            + " d.sequence < 120",
        "SELECT count(*) FROM dns d FULL JOIN pages p ON d.key = p.key",
        "SELECT d.key FROM dns d WHERE EXISTS (SELECT 1 FROM pages p WHERE p.key = d.key)",
        "SELECT d.key FROM dns d WHERE NOT EXISTS (SELECT 1 FROM pages p WHERE p.key = d.key) AND"
            + " sequence < 50",
        "SELECT a.key, b.key FROM dns a JOIN dns b ON a.sequence = b.sequence + 1 WHERE a.sequence"
            + " < 5",
        "SELECT * FROM blobs",
        "SELECT key, value ->> 'title' FROM pages WHERE value @> '{\"n\": 37}'",
        "SELECT m.weight, d.value FROM mine m JOIN dns d ON d.key = m.name",
        "SELECT m.weight, d.value FROM mine m LEFT JOIN dns d ON d.key = m.name WHERE m.weight <"
            + " 300",
        "SELECT key FROM dns WHERE key = ANY (ARRAY(SELECT name FROM mine))",
        "SELECT name FROM mine WHERE name IN (SELECT key FROM dns WHERE key LIKE 'host0002%')",
        "SELECT array_agg(key ORDER BY key) FROM (SELECT key FROM dns WHERE key < 'b' LIMIT 100) t",
      })
  void answersAsALocalCopyDoes(String query) {
    assertSame(query);
  }

  private void assertSame(String query) {
    List<String> expected = at("copy", query);
    List<String> actual = at("edge", query);
    assertThat(actual).as(query).isEqualTo(expected);
  }

  private List<String> at(String schema, String query) {
    try {
      lab.run("SET search_path = " + schema + ", public");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return lab.outcome(query);
  }

  @Test
  void equalsTheCopyInBothDirections() throws SQLException {
    assertThat(lab.rows("SELECT * FROM edge.dns EXCEPT SELECT * FROM copy.dns")).isEmpty();
    assertThat(lab.rows("SELECT * FROM copy.dns EXCEPT SELECT * FROM edge.dns")).isEmpty();
    assertThat(lab.rows("SELECT count(*) FROM copy.dns")).containsExactly("1030");
  }

  @Test
  void showsLogAndDatabases() throws SQLException {
    assertThat(lab.rows("SELECT name, last_sequence, pairs FROM edge.databases ORDER BY name"))
        .containsExactly("blobs|200|200", "dns|1030|1030", "pages|100|100");
    assertThat(
            lab.rows(
                "SELECT sequence, op, key, transaction, lsn FROM edge.blobs_log WHERE sequence IN"
                    + " (1, 12)"))
        .containsExactly("1|SET|blob0|1|0/64", "12|SET|blob11|11|0/C8");
  }

  @Test
  void shipsKeyConditions() throws SQLException {
    String plan =
        String.join(
            "\n",
            lab.rows("EXPLAIN VERBOSE SELECT value FROM edge.dns WHERE key LIKE 'host0001%'"));
    assertThat(plan)
        .contains("Remote SQL: SELECT value FROM public.dns WHERE ((key ~~ 'host0001%'))");
    assertThat(String.join("\n", lab.rows("EXPLAIN VERBOSE SELECT count(*) FROM edge.dns")))
        .contains("Remote SQL: SELECT count(*) FROM public.dns");
  }

  @Test
  void refusesWrites() {
    assertThatThrownBy(() -> lab.run("DELETE FROM edge.dns WHERE key = 'a'"))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("does not allow deletes");
  }

  @Test
  void analyzes() throws SQLException {
    lab.run("ANALYZE edge.dns");
    assertThat(lab.rows("SELECT reltuples FROM pg_class WHERE oid = 'edge.dns'::regclass"))
        .containsExactly("1030");
  }

  @Test
  void hidesThePasswordFromOtherRoles() throws SQLException {
    lab.run(
        "SELECT quicksilver.attach_edge('secret', '127.0.0.1', %d, 'quicksilver', 's3cret')"
            .formatted(lab.bridge.port()));
    String options =
        "SELECT umoptions FROM pg_user_mappings WHERE srvname = 'secret' AND usename = 'public'";
    assertThat(lab.rows(options)).singleElement().asString().contains("s3cret");
    lab.run("CREATE ROLE nosy");
    lab.run("GRANT USAGE ON FOREIGN SERVER secret TO nosy");
    lab.run("SET ROLE nosy");
    try {
      assertThat(lab.rows(options)).containsExactly("null");
      assertThatThrownBy(() -> lab.rows("SELECT umoptions FROM pg_user_mapping"))
          .hasMessageContaining("permission denied");
    } finally {
      lab.run("RESET ROLE");
      lab.run("SELECT quicksilver.detach_edge('secret')");
      lab.run("DROP ROLE nosy");
    }
  }

  @Test
  void refusesToBeTooOldAndWaits() throws SQLException, IOException {
    lab.run(
        "SELECT quicksilver.attach_edge('fresh', '127.0.0.1', %d, max_lag => '1 h')"
            .formatted(lab.bridge.port()));
    assertThatThrownBy(() -> lab.rows("SELECT count(*) FROM fresh.dns"))
        .extracting(e -> ((SQLException) e).getSQLState())
        .isEqualTo("QS002");
    Following.write(
        data,
        Map.of(
            "dns",
            new Following(
                "STREAMING", "relay", 7, OptionalLong.of(System.currentTimeMillis()), "")));
    assertThat(lab.rows("SELECT count(*) FROM fresh.dns")).containsExactly("1030");
    assertThat(lab.rows("SELECT state FROM fresh.replication WHERE database = 'dns'"))
        .containsExactly("STREAMING");
    lab.run("CALL quicksilver.wait_for_edge('fresh', 'dns', 1030)");
    assertThatThrownBy(
            () -> lab.run("CALL quicksilver.wait_for_edge('fresh', 'dns', 1031, '50 ms')"))
        .extracting(e -> ((SQLException) e).getSQLState())
        .isEqualTo("QS001");
    assertThatThrownBy(
            () ->
                lab.run(
                    "SELECT quicksilver.attach_edge('fresh', '127.0.0.1', 1, max_lag => 'soon')"))
        .extracting(e -> ((SQLException) e).getSQLState())
        .isEqualTo("22023");
    lab.run("SELECT quicksilver.detach_edge('fresh')");
  }

  @Test
  void attachesAgain() throws SQLException {
    List<String> tables =
        lab.rows(
            "SELECT * FROM quicksilver.attach_edge('again', '127.0.0.1', "
                + lab.bridge.port()
                + ")");
    assertThat(tables)
        .containsExactly(
            "again.blobs",
            "again.blobs_log",
            "again.databases",
            "again.dns",
            "again.dns_log",
            "again.pages",
            "again.pages_log",
            "again.replication");
    assertThat(
            lab.rows(
                "SELECT * FROM quicksilver.attach_edge('again', '127.0.0.1', "
                    + lab.bridge.port()
                    + ")"))
        .isEqualTo(tables);
    lab.run("SELECT quicksilver.detach_edge('again')");
  }
}
