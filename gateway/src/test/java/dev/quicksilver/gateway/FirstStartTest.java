package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a root makes of tables that had rows before it first took the slot. */
final class FirstStartTest extends RootTest {
  @Test
  void copiesTheRowsOfEveryDatabaseAndGoesOnWithTheSlot() throws Exception {
    fill();
    root.start();
    Map<String, Map<String, String>> copied = everything();
    assertThat(copied.get("dns")).hasSize(3_001);
    assertThat(copied.get("objects")).hasSize(100);
    assertThat(copied.get("parts")).hasSize(100);
    // The same rows, as they come through the slot, are the reference.
    root.execute("SELECT quicksilver.create_database('again')");
    root.execute("INSERT INTO again SELECT * FROM dns");
    for (String database : new String[] {"objects", "parts"}) {
      root.execute("SELECT quicksilver.unpublish('" + database + "')");
      root.execute("SELECT quicksilver.publish('t_" + database + "', '" + database + "')");
    }
    root.execute("UPDATE dns SET value = 'changed' WHERE key = '5'");
    root.execute("DELETE FROM dns WHERE key = '6'");
    root.catchUp();
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns"));
    Map<String, Map<String, String>> streamed = everything();
    assertThat(copied.get("dns")).isEqualTo(streamed.get("again"));
    assertThat(copied.get("objects")).isEqualTo(streamed.get("objects"));
    assertThat(copied.get("parts")).isEqualTo(streamed.get("parts"));
    root.stop();
    root.start();
    root.execute("INSERT INTO dns VALUES ('after', 'a restart')");
    root.catchUp();
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns"));
  }

  private void fill() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute(
        "INSERT INTO dns SELECT i, repeat('v', (i % 7) * 500) FROM generate_series(1, 3000) i");
    root.execute("INSERT INTO dns VALUES ('large', repeat('x', 20000000))");
    root.execute(
        "CREATE TABLE t_objects (b bytea, i int, z timestamptz, n numeric, s text, j jsonb,"
            + " PRIMARY KEY (i, b))");
    root.execute("ALTER TABLE t_objects REPLICA IDENTITY FULL");
    root.execute("SELECT quicksilver.publish('t_objects', 'objects')");
    root.execute(
        "INSERT INTO t_objects SELECT decode(to_hex(i + 4096), 'hex'), 100 - i, now(), i / 7.0,"
            + " CASE WHEN i % 3 > 0 THEN E'a\"\\n' || i END, jsonb_build_object('q', i)"
            + " FROM generate_series(1, 100) i");
    root.execute(
        "CREATE TABLE t_parts (k bigint PRIMARY KEY, v json NOT NULL) PARTITION BY RANGE (k)");
    root.execute("CREATE TABLE p1 PARTITION OF t_parts FOR VALUES FROM (0) TO (50)");
    root.execute("CREATE TABLE p2 PARTITION OF t_parts DEFAULT");
    root.execute("SELECT quicksilver.publish('t_parts', 'parts')");
    root.execute(
        "INSERT INTO t_parts SELECT i, json_build_array(i) FROM generate_series(1, 100) i");
  }

  private Map<String, Map<String, String>> everything() {
    Map<String, Map<String, String>> all = new TreeMap<>();
    root.databases()
        .all()
        .forEach(
            database ->
                all.put(database.identity().name(), root.pairs(database.identity().name())));
    return all;
  }

  @Test
  void copiesWhatWasCommittedBeforeTheSlotAndNothingTwice() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    AtomicReference<Throwable> failed = new AtomicReference<>();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (Connection other = postgres.connect(name);
                      Statement statement = other.createStatement()) {
                    for (int i = 0; i < 2_000; i++) {
                      statement.execute(
                          "INSERT INTO dns VALUES ('"
                              + i % 300
                              + "', repeat(md5('"
                              + i
                              + "'), 100)) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
                      statement.execute("DELETE FROM dns WHERE key = '" + (i * 7) % 400 + "'");
                    }
                  } catch (Throwable e) {
                    failed.set(e);
                  }
                });
    root.start();
    writer.join();
    assertThat(failed.get()).isNull();
    root.catchUp();
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns"));
  }

  @Test
  void namesATableThatItMayNotRead() throws Exception {
    root.execute("CREATE ROLE blind LOGIN REPLICATION PASSWORD 'p'");
    try {
      root.execute("CREATE TABLE t (k text PRIMARY KEY, v text NOT NULL)");
      root.execute("INSERT INTO t VALUES ('a', '1')");
      root.execute("SELECT quicksilver.publish('t', 'd')");
      root.execute("GRANT USAGE ON SCHEMA quicksilver TO blind");
      root.execute("GRANT ALL ON ALL TABLES IN SCHEMA quicksilver TO blind");
      root.execute("GRANT EXECUTE ON ALL ROUTINES IN SCHEMA quicksilver TO blind");
      String url = root.config.jdbcUrl();
      GatewayConfig blind =
          new GatewayConfig(
              url.substring(0, url.indexOf('?')),
              "blind",
              "p",
              root.config.window(),
              root.config.slotName(),
              root.config.publication(),
              root.config.idleInterval());
      root.launch(blind);
      GatewayRefusalTest.refused(
          root, ErrorCode.ACCESS_DENIED, "GRANT SELECT ON public.t TO blind");
      root.stop();
      root.execute("GRANT SELECT ON t TO blind");
      root.launch(blind);
      root.awaitState(GatewayStatus.State.STREAMING);
      assertThat(root.pairs("d")).isEqualTo(Map.of("a", "1"));
    } finally {
      root.stop();
      root.execute("DROP OWNED BY blind");
      root.execute("DROP ROLE blind");
    }
  }

  @Test
  void refusesTwoRowsOfOneKey() throws Exception {
    root.unguard();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("ALTER TABLE dns DROP CONSTRAINT key_is_unique_dns");
    root.execute("INSERT INTO dns VALUES ('a', '1'), ('a', '2')");
    root.launch(root.config);
    GatewayRefusalTest.refused(root, ErrorCode.TABLE_CHANGED, "two rows of table public.dns");
  }

  @Test
  void refusesATableThatWasRenamedUnnoticed() throws Exception {
    root.unguard();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.execute("ALTER TABLE dns RENAME TO other");
    root.launch(root.config);
    GatewayRefusalTest.refused(root, ErrorCode.TABLE_CHANGED, "quicksilver.problems()");
    root.stop();
    root.execute("ALTER TABLE other RENAME TO dns");
    root.start();
    assertThat(root.pairs("dns")).isEqualTo(Map.of("a", "1"));
  }

  @Test
  void takesOverADatabaseWhoseTableIsGone() throws Exception {
    root.unguard();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("DROP TABLE dns");
    root.start();
    assertThat(root.pairs("dns")).isEmpty();
    assertThat(root.query("SELECT problem FROM quicksilver.problems() WHERE database = 'dns'"))
        .isEqualTo("its table is gone");
  }
}
