package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import org.junit.jupiter.api.Test;

/**
 * A central database as a dump and restore leaves it: the same names, other OIDs. The bar {@code
 * gateway.restore} does the same with pg_dump itself.
 */
final class RestoredTest extends RootTest {
  /** What a restore does to the catalog: the OIDs of another server, which are others' here. */
  private static final String AS_RESTORED =
      """
      CREATE TABLE stale AS
        SELECT c.*, z.oid AS other FROM (SELECT *, row_number() OVER (ORDER BY name) AS n FROM quicksilver.catalog) c
        JOIN (SELECT oid, row_number() OVER (ORDER BY relname) AS n FROM pg_class WHERE relname LIKE 'zzz%') z USING (n);
      DELETE FROM quicksilver.catalog;
      INSERT INTO quicksilver.catalog (name, id, key_type, value_type, table_schema, table_name, relation, owns_table, created_at, projection)
        SELECT name, id, key_type, value_type, table_schema, table_name, other, owns_table, created_at, projection FROM stale;
      UPDATE quicksilver.partition SET leaf = 4000000001, root = 4000000002;
      DROP TABLE stale\
      """;

  private void makeTables() throws Exception {
    root.execute("CREATE TABLE zzz1 (a int)");
    root.execute("CREATE TABLE zzz2 (a int)");
    root.execute("CREATE TABLE zzz3 (a int)");
    root.execute("SELECT quicksilver.create_database('db1')");
    root.execute("SELECT quicksilver.create_database('db2')");
    root.execute("CREATE TABLE parts (k int PRIMARY KEY, v text NOT NULL) PARTITION BY LIST (k)");
    root.execute("CREATE TABLE part1 PARTITION OF parts DEFAULT");
    root.execute("SELECT quicksilver.publish('parts', 'parts')");
    root.execute("INSERT INTO db1 VALUES ('a', '1')");
    root.execute("INSERT INTO parts VALUES (1, 'one')");
  }

  @Test
  void neverTouchesATableThatAnOldOidNames() throws Exception {
    makeTables();
    root.execute(AS_RESTORED);
    assertThat(root.query("SELECT string_agg(\"table\"::text, ' ') FROM quicksilver.databases"))
        .isEqualTo("db1 db2 parts");
    assertThat(
            root.query(
                "SELECT string_agg(database, ' ' ORDER BY database) FROM quicksilver.problems()"
                    + " WHERE cure LIKE '%begin_anew%'"))
        .isEqualTo("db1 db2 parts quicksilver");
    root.execute("SELECT quicksilver.drop_database('db2')");
    root.execute("SELECT quicksilver.unpublish('parts')");
    root.execute("SELECT quicksilver.publish('parts', 'parts')");
    assertThat(
            root.query(
                "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class"
                    + " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"))
        .isEqualTo("db1 part1 parts zzz1 zzz2 zzz3");
  }

  @Test
  void refusesToServeARestoredDatabaseUntilItIsBegunAnew() throws Exception {
    makeTables();
    root.execute(AS_RESTORED);
    root.launch(root.config);
    GatewayRefusalTest.refused(root, ErrorCode.RESTORED, "SELECT quicksilver.begin_anew()");
    root.stop();
    String before = root.query("SELECT id FROM quicksilver.cluster");
    root.execute("SELECT quicksilver.begin_anew()");
    assertThat(root.query("SELECT id FROM quicksilver.cluster")).isNotEqualTo(before);
    assertThat(root.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
    root.start();
    root.execute("INSERT INTO db2 VALUES ('b', '2')");
    root.execute("TRUNCATE parts");
    root.catchUp();
    assertThat(root.pairs("db1")).isEqualTo(root.table("db1"));
    assertThat(root.pairs("db2")).isEqualTo(root.table("db2"));
    assertThat(root.pairs("parts")).isEmpty();
    assertThat(root.log("parts")).hasSize(2);
  }

  @Test
  void tellsACopyOfADatabaseThatHadARoot() throws Exception {
    makeTables();
    root.start();
    root.catchUp();
    root.stop();
    root.connection.close();
    try (Root copy = Root.copyOf(postgres, name, name + "_copy", scratch.resolve("copy"))) {
      copy.launch(copy.config);
      GatewayRefusalTest.refused(copy, ErrorCode.RESTORED, "is a copy of another");
      copy.stop();
      copy.execute("SELECT quicksilver.begin_anew()");
      copy.start();
      assertThat(copy.pairs("db1")).isEqualTo(copy.table("db1"));
    }
  }

  @Test
  void refusesToBeginAnewUnderARunningRootOrWithoutATable() throws Exception {
    makeTables();
    root.start();
    assertThatThrownBy(() -> root.execute("SELECT quicksilver.begin_anew()"))
        .hasMessageContaining("Stop the root first");
    root.stop();
    // Looking at what it would do changes nothing.
    root.connection.setAutoCommit(false);
    root.execute("SELECT quicksilver.begin_anew()");
    root.connection.rollback();
    root.connection.setAutoCommit(true);
    root.start();
    root.execute("INSERT INTO db2 VALUES ('b', '2')");
    root.catchUp();
    assertThat(root.log("db2")).containsExactly("SET b 2");
    root.stop();
    root.unguard();
    root.execute("DROP TABLE db1");
    assertThatThrownBy(() -> root.execute("SELECT quicksilver.begin_anew()"))
        .hasMessageContaining("public.db1 of database db1")
        .hasMessageContaining("quicksilver.drop_database");
    root.execute("SELECT quicksilver.drop_database('db1')");
    root.execute("ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS");
    root.execute("ALTER EVENT TRIGGER quicksilver_on_drop ENABLE ALWAYS");
    root.execute("ALTER EVENT TRIGGER quicksilver_on_rewrite ENABLE ALWAYS");
    root.execute("SELECT quicksilver.begin_anew()");
    root.moveTo(scratch.resolve("anew"));
    root.start();
    assertThat(root.pairs("db2")).isEqualTo(root.table("db2"));
    assertThat(root.query("SELECT count(*) FROM quicksilver.ended_slot")).isEqualTo("0");
  }

  @Test
  void tellsAPublicationThatWasMadeAnew() throws Exception {
    makeTables();
    root.start();
    root.catchUp();
    root.stop();
    root.unguard();
    root.execute("DROP PUBLICATION quicksilver");
    root.execute("INSERT INTO db1 VALUES ('lost', '1')");
    root.execute(
        "CREATE PUBLICATION quicksilver FOR TABLE quicksilver.catalog, db1, db2, parts"
            + " WITH (publish_via_partition_root = true)");
    root.launch(root.config);
    GatewayRefusalTest.refused(root, ErrorCode.RESTORED, "had its publication made anew");
    assertThat(root.query("SELECT count(*) FROM quicksilver.problems()")).isNotEqualTo("0");
  }

  @Test
  void stopsRatherThanPassOverATableThatTookAnothersName() throws Exception {
    makeTables();
    root.start();
    root.catchUp();
    root.unguard();
    root.execute("DROP TABLE db1");
    root.execute("CREATE TABLE db1 (key text PRIMARY KEY, value text NOT NULL)");
    root.execute("ALTER PUBLICATION quicksilver ADD TABLE db1");
    root.execute("INSERT INTO db1 VALUES ('b', '2')");
    GatewayRefusalTest.refused(root, ErrorCode.TABLE_CHANGED, "table public.db1 is another one");
  }
}
