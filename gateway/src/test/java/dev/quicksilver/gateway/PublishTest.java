package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.log.LogEntry;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

final class PublishTest extends RootTest {
  @BeforeEach
  void startRoot() throws Exception {
    root.start();
  }

  @Test
  void makesAJsonObjectOfSeveralColumns() throws Exception {
    root.execute(
        "CREATE TABLE t (k text PRIMARY KEY, b boolean, i smallint, n bigint, c char(3),"
            + " u uuid, x bytea, j jsonb, s text)");
    root.execute("ALTER TABLE t REPLICA IDENTITY FULL");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute(
        "INSERT INTO t VALUES ('a', true, -1, 9223372036854775807, 'x',"
            + " '00000000-0000-0000-0000-00000000002a', '\\x00ff', '{\"q\": 1}', E'\\n\"ä\\x01')");
    root.execute("INSERT INTO t (k) VALUES ('b')");
    root.catchUp();
    assertThat(root.pairs("d"))
        .isEqualTo(
            Map.of(
                "a",
                "{\"b\":true,\"i\":-1,\"n\":9223372036854775807,\"c\":\"x  \","
                    + "\"u\":\"00000000-0000-0000-0000-00000000002a\",\"x\":\"\\\\x00ff\","
                    + "\"j\":{\"q\": 1},\"s\":\"\\n\\\"ä\\u0001\"}",
                "b",
                "{\"b\":null,\"i\":null,\"n\":null,\"c\":null,\"u\":null,\"x\":null,"
                    + "\"j\":null,\"s\":null}"));
    root.execute("SELECT '" + root.pairs("d").get("a") + "'::jsonb");
  }

  @Test
  void encodesKeysOfSeveralColumnsInTheirOrder() throws Exception {
    root.execute("CREATE TABLE t (i int, s text, b bytea, v text NOT NULL, PRIMARY KEY (i, s, b))");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("INSERT INTO t VALUES (-1, 'a', '\\x00', '1'), (1, '', '', '2')");
    root.execute("UPDATE t SET i = 2 WHERE i = 1");
    root.execute("DELETE FROM t WHERE i = -1");
    root.catchUp();
    assertThat(root.entries("d").stream().map(PublishTest::hex))
        .containsExactly(
            "SET 7fffffff 610001 00ff0001 1".replace(" ", ""),
            "SET 80000001 0001 0001 2".replace(" ", ""),
            "DEL 80000001 0001 0001".replace(" ", ""),
            "SET 80000002 0001 0001 2".replace(" ", ""),
            "DEL 7fffffff 610001 00ff0001".replace(" ", ""));
  }

  @Test
  void writesNumbersAndTimesAsToJsonDoes() throws Exception {
    root.execute(
        "CREATE TABLE t (k text PRIMARY KEY, r real, f double precision, n numeric, d date,"
            + " h time, l timestamp, z timestamptz)");
    root.execute("ALTER TABLE t REPLICA IDENTITY FULL");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute(
        """
        INSERT INTO t VALUES
          ('1', 0, '-0', 0, '2000-01-01', '00:00', '2000-01-01', '2000-01-01 00:00+02'),
          ('2', 'NaN', 'Infinity', 'NaN', 'infinity', '24:00', '-infinity', 'infinity'),
          ('3', '-Infinity', 'NaN', '-Infinity', '-infinity', '12:34:56.789', 'infinity', '-infinity'),
          ('4', 1e6, 1e15, 1e30, '0044-03-15 BC', '23:59:59.000001', '0001-01-01 00:00:00.5 BC', '4713-01-01 BC'),
          ('5', 999999, 999999999999999, 0.000012345, '5874897-12-31', '01:02:03.4', '294276-12-31 23:59:59.999999', '1970-01-01 00:00+00'),
          ('6', 0.0001, 0.0001, -12345678.90120000, '1999-12-31', '10:00:00.10', '1999-12-31 23:59:59.99', '10000-01-01 00:00+00'),
          ('7', 0.00001, 1.5e-300, 10000.0001, '0001-01-01', '00:00:01', '1900-02-28', '2024-02-29 12:00:00.000010+05:30'),
          ('8', NULL, NULL, NULL, NULL, NULL, NULL, NULL)\
        """);
    root.execute(
        """
        INSERT INTO t (k, r, f) VALUES
          ('a', 1e-45, 5e-324), ('b', -3e-45, 2e-323), ('c', 4e-45, -1.5e-323), ('d', 1.4e-44, 1e-322),
          ('e', 1e8, 1e23), ('f', 67108880, 9e22), ('g', 33554448, 1.8014398509481982e16),
          ('h', 8388608, 9007199254740992), ('i', 16777216, 9007199254740994), ('j', 1e10, 36028797018963968),
          ('k', 3.4028235e38, 1.7976931348623157e308), ('l', 1.1754944e-38, 2.2250738585072014e-308)\
        """);
    // Powers of two, whose neighbour below is nearer, and of ten, which may be halfway points.
    root.execute(
        """
        INSERT INTO t (k, r, f) SELECT 'power ' || i,
          CASE WHEN i BETWEEN -149 AND 127 THEN (2::numeric ^ i)::float4 END, (2::numeric ^ i)::float8
        FROM generate_series(-200, 1023) i\
        """);
    root.execute(
        """
        INSERT INTO t (k, r, f) SELECT 'ten ' || i || ' ' || n,
          CASE WHEN i <= 36 THEN (n || 'e' || i)::float4 END, (n || 'e' || i)::float8
        FROM generate_series(5, 40) i, generate_series(1, 99) n\
        """);
    root.execute(
        """
        INSERT INTO t SELECT 'random ' || i, ((random() - 0.5) * 10 ^ (random() * 60 - 30))::real,
          (random() - 0.5) * 10 ^ (random() * 400 - 200),
          ((random() - 0.5) * 10 ^ (random() * 40 - 20))::numeric * (random() * 1000000)::numeric,
          '2000-01-01'::date + ((random() - 0.5) * 1000000)::int, '00:00'::time + random() * interval '24 h',
          '2000-01-01'::timestamp + (random() - 0.5) * interval '6000 years',
          '2000-01-01'::timestamptz + (random() - 0.5) * interval '6000 years'
        FROM generate_series(1, 2000) i\
        """);
    root.catchUp();
    root.execute("SET timezone = 'UTC'");
    root.execute(
        "CREATE VIEW expected (key, value) AS SELECT k, row_to_json(v) FROM t,"
            + " LATERAL (SELECT r, f, n, d, h, l, z) v");
    Map<String, String> stored = root.pairs("d");
    assertThat(stored).hasSize(8 + 12 + 1_224 + 36 * 99 + 2_000);
    root.table("expected")
        .forEach((key, value) -> assertThat(stored.get(key)).as(key).isEqualTo(value));
  }

  @Test
  void makesAndReadsKeysInSql() throws Exception {
    root.execute(
        "CREATE TABLE t (i int, b bigint, d date, z timestamptz, s text, v text NOT NULL,"
            + " PRIMARY KEY (i, b, d, z, s))");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute(
        "INSERT INTO t VALUES (-7, 9000000000, '1999-12-31', '2026-11-27 08:00+00', 'ä', '1')");
    root.catchUp();
    byte[] key = root.entries("d").getFirst().key();
    String literal = "'\\x" + HexFormat.of().formatHex(key) + "'::bytea";
    assertThat(
            root.query(
                "SELECT quicksilver.key_of(-7) || quicksilver.key_of(9000000000)"
                    + " || quicksilver.key_of('1999-12-31'::date)"
                    + " || quicksilver.key_of('2026-11-27 08:00+00'::timestamptz)"
                    + " || quicksilver.key_of('ä'::text) = "
                    + literal))
        .isEqualTo("t");
    assertThat(root.query("SELECT quicksilver.integer_of(" + literal + ")")).isEqualTo("-7");
    assertThat(root.query("SELECT quicksilver.bigint_of(" + literal + ", 4)"))
        .isEqualTo("9000000000");
  }

  private static String hex(LogEntry entry) {
    return entry.operation()
        + HexFormat.of().formatHex(entry.key())
        + new String(entry.value(), java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void copiesTheRowsThatAreThereAlsoLargeOnes() throws Exception {
    root.execute("CREATE TABLE t (k text PRIMARY KEY, value text NOT NULL, other int)");
    root.execute("ALTER TABLE t ALTER value SET STORAGE EXTERNAL");
    root.execute(
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''fired''; END'");
    root.execute("CREATE TRIGGER z BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION never()");
    root.execute("INSERT INTO t SELECT g, repeat(g::text, 30000) FROM generate_series(1, 20) g");
    root.execute("SELECT quicksilver.publish('t', 'd', value_columns => '{value}')");
    root.catchUp();
    assertThat(root.pairs("d")).hasSize(20).containsEntry("7", "7".repeat(30000));
    refused("UPDATE t SET k = 'x' WHERE k = '7'", "P0001");
    root.execute("ALTER TABLE t DISABLE TRIGGER z");
    root.execute("UPDATE t SET other = 1");
    root.execute("UPDATE t SET k = 'x' WHERE k = '7'");
    root.catchUp();
    assertThat(root.pairs("d")).hasSize(20).containsEntry("x", "7".repeat(30000));
  }

  @Test
  void keepsLargeColumnsOfAnObjectThatAnUpdateLeftAlone() throws Exception {
    root.execute("CREATE TABLE t (k bigint PRIMARY KEY, big text, n int)");
    root.execute("ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
    root.execute("INSERT INTO t VALUES (1, repeat('x', 100000), 1), (2, NULL, 1)");
    refused("SELECT quicksilver.publish('t', 'd')", "55000");
    root.execute("ALTER TABLE t REPLICA IDENTITY FULL");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("UPDATE t SET n = 2");
    root.execute("UPDATE t SET k = 3 WHERE k = 2");
    root.execute("DELETE FROM t WHERE k = 3");
    root.catchUp();
    List<LogEntry> entries = root.entries("d");
    assertThat(entries).hasSize(7);
    assertThat(root.pairs("d").values())
        .containsExactly("{\"big\":\"" + "x".repeat(100000) + "\",\"n\":2}");
  }

  @Test
  void shortRowsNeedNoFullIdentityUntilTheyCanBeLong() throws Exception {
    root.execute(
        "CREATE TABLE t (k int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, c char(8), n int)");
    root.execute("INSERT INTO t (c, n) VALUES ('a', 1)");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("UPDATE t SET n = 2");
    root.catchUp();
    assertThat(root.pairs("d").values()).containsExactly("{\"c\":\"a       \",\"n\":2}");
    refused("ALTER TABLE t ADD COLUMN long text", "55000");
    root.execute("ALTER TABLE t REPLICA IDENTITY FULL");
    root.execute("ALTER TABLE t ADD COLUMN long text");
    root.execute("UPDATE t SET n = 3");
    root.catchUp();
    assertThat(root.pairs("d").values()).containsExactly("{\"c\":\"a       \",\"n\":3}");
  }

  @Test
  void followsPartitionsAndTruncate() throws Exception {
    root.execute("CREATE TABLE t (k int PRIMARY KEY, n int) PARTITION BY RANGE (k)");
    root.execute("CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)");
    root.execute("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)");
    root.execute("INSERT INTO t VALUES (1, 1)");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("UPDATE t SET k = 11");
    root.execute("CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30)");
    root.execute("INSERT INTO t VALUES (21, 1)");
    root.execute("TRUNCATE t CASCADE");
    root.execute("INSERT INTO t VALUES (2, 1)");
    root.catchUp();
    assertThat(root.entries("d").stream().map(e -> e.operation().toString()))
        .containsExactly("SET", "DEL", "SET", "SET", "CLEAR", "SET");
  }

  @Test
  void goesOnAfterARestartAndWithAColumnMore() throws Exception {
    root.execute("CREATE TABLE t (k int PRIMARY KEY, n int)");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("INSERT INTO t VALUES (1, 1)");
    root.catchUp();
    root.stop();
    root.execute("ALTER TABLE t ADD more text");
    root.execute("INSERT INTO t VALUES (2, 2, 'x')");
    root.start();
    root.catchUp();
    assertThat(root.pairs("d").values()).containsExactlyInAnyOrder("{\"n\":1}", "{\"n\":2}");
  }

  @Test
  void leavesTheTableWhenUnpublished() throws Exception {
    root.execute("CREATE TABLE t (k text PRIMARY KEY, n int)");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("INSERT INTO t VALUES ('a', 1)");
    root.execute("SELECT quicksilver.unpublish('d')");
    root.execute("INSERT INTO t VALUES ('', 1)");
    root.catchUp();
    assertThat(root.databases().get("d")).isEmpty();
    root.execute("DELETE FROM t WHERE k = ''");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.catchUp();
    assertThat(root.pairs("d")).containsExactly(Map.entry("a", "{\"n\":1}"));
  }

  @Test
  void refusesWhatAnEdgeCouldNotHoldAtTheStatement() throws Exception {
    root.execute("CREATE TABLE t (k text, b bytea, n int, PRIMARY KEY (k, b))");
    root.execute("SELECT quicksilver.publish('t', 'd')");
    root.execute("INSERT INTO t VALUES (repeat('k', 500), '\\x000000')");
    refused("INSERT INTO t VALUES (repeat('k', 500), '\\x00000000')", "23514");
    root.execute("CREATE TABLE s (k text PRIMARY KEY, v text NOT NULL)");
    root.execute("SELECT quicksilver.publish('s', 's')");
    refused("INSERT INTO s VALUES ('', '')", "23514");
    refused("INSERT INTO s VALUES ('k', repeat('x', 67108865))", "23514");
  }

  @Test
  void refusesTablesThatItCannotFollow() throws Exception {
    root.execute("CREATE TABLE none (k int, n int)");
    refused("SELECT quicksilver.publish('none', 'd')", "42P16");
    root.execute("CREATE TABLE late (k int PRIMARY KEY DEFERRABLE, n int)");
    refused("SELECT quicksilver.publish('late', 'd')", "42P16");
    root.execute("CREATE TABLE f (k float8 PRIMARY KEY, n int)");
    refused("SELECT quicksilver.publish('f', 'd')", "42804");
    root.execute("CREATE UNLOGGED TABLE u (k int PRIMARY KEY, n int)");
    refused("SELECT quicksilver.publish('u', 'd')", "42809");
    root.execute("CREATE TABLE t (k int PRIMARY KEY, n int, x xml, v text)");
    refused("SELECT quicksilver.publish('t', 'd')", "42804");
    refused("SELECT quicksilver.publish('t', 'd', value_columns => '{none}')", "42703");
    refused("SELECT quicksilver.publish('t', 'd', '{n}', '{n}')", "42P16");
    refused("SELECT quicksilver.publish('t', 'd', value_columns => '{v}')", "23502");
    refused("SELECT quicksilver.publish('t', 'D', value_columns => '{n}')", "42602");
    root.execute("SELECT quicksilver.publish('t', 'd', value_columns => '{n}')");
    refused("SELECT quicksilver.publish('t', 'e', value_columns => '{n}')", "42710");
    refused("SELECT quicksilver.unpublish('e')", "3D000");
  }

  private void refused(String sql, String state) {
    assertThatThrownBy(() -> root.execute(sql))
        .as(sql)
        .isInstanceOfSatisfying(
            PSQLException.class,
            e -> assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo(state));
  }
}
