package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Partitions of a published table that come, go and are in use, with a root that follows. */
final class PartitionsTest extends RootTest {
  @BeforeEach
  void publish() throws Exception {
    root.start();
    root.execute(
        "CREATE TABLE p (key text PRIMARY KEY, value text, more text) PARTITION BY RANGE (key)");
    root.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('a') TO ('b')");
    root.execute("CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('b') TO ('c')");
    for (String table : new String[] {"p", "p1", "p2"}) {
      root.execute("ALTER TABLE " + table + " REPLICA IDENTITY FULL");
    }
    root.execute("SELECT quicksilver.publish('p', 'd')");
    root.execute("INSERT INTO p VALUES ('a1', '1', 'x'), ('b1', '2', 'y')");
  }

  @Test
  void followsOnesThatComeAndGo() throws Exception {
    root.execute("CREATE TABLE p3 PARTITION OF p FOR VALUES FROM ('c') TO ('d')");
    root.execute("ALTER TABLE p3 ALTER more SET STORAGE EXTERNAL");
    root.execute("INSERT INTO p VALUES ('c1', '3', repeat('z', 100000))");
    root.execute("UPDATE p SET value = '4' WHERE key = 'c1'");
    root.execute("DELETE FROM p WHERE key = 'b1'");
    root.execute("ALTER TABLE p DETACH PARTITION p2");
    root.execute("INSERT INTO p2 VALUES ('b2', 'not', 'published')");
    assertThatThrownBy(
            () -> root.execute("ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('b') TO ('c')"))
        .hasMessageContaining("has rows");
    root.catchUp();
    assertThat(root.pairs("d"))
        .isEqualTo(
            Map.of(
                "a1",
                "{\"value\":\"1\",\"more\":\"x\"}",
                "c1",
                "{\"value\":\"4\",\"more\":\"" + "z".repeat(100_000) + "\"}"));
    root.execute("TRUNCATE p");
    root.catchUp();
    assertThat(root.pairs("d")).isEmpty();
  }

  @Test
  void tellsOfOneThatIsDetachedConcurrently() throws Exception {
    assertThatThrownBy(() -> root.execute("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY"))
        .hasMessageContaining("partition p1 of its table is gone or detached");
    assertThat(root.query("SELECT database || ': ' || problem FROM quicksilver.problems()"))
        .isEqualTo("d: partition p1 of its table is gone or detached");
  }

  @Test
  void nothingIsDecidedByWhatAnOldSnapshotShows() throws Exception {
    root.execute("CREATE TABLE r (k text PRIMARY KEY, v text NOT NULL)");
    root.execute("CREATE TABLE p3 (LIKE p INCLUDING ALL)");
    root.execute("DELETE FROM p WHERE key = 'a1'");
    try (Connection old = postgres.connect(name);
        Statement late = old.createStatement()) {
      old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      for (String sql :
          new String[] {
            "ALTER TABLE p DETACH PARTITION p1",
            "ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM ('c') TO ('d')",
            "SELECT quicksilver.publish('r', 'r')",
            "SELECT quicksilver.begin_anew()"
          }) {
        old.setAutoCommit(false);
        late.execute("SELECT 1");
        root.execute("INSERT INTO p VALUES ('a2', 'not', 'seen') ON CONFLICT DO NOTHING");
        assertThatThrownBy(() -> late.execute(sql)).hasMessageContaining("READ COMMITTED");
        old.rollback();
      }
      late.execute("SELECT 1");
      root.execute("SELECT quicksilver.publish('r', 'r')");
      root.execute("CREATE TABLE p4 PARTITION OF p FOR VALUES FROM ('x') TO ('y')");
      // By us, or by PostgreSQL, which misses the new constraints.
      assertThatThrownBy(() -> late.execute("ALTER TABLE r ALTER v TYPE text USING upper(v)"))
          .isInstanceOf(SQLException.class);
      old.rollback();
    }
  }

  @Test
  void ddlOfOthersWaitsForNobodyWhoPublishes() throws Exception {
    root.execute("CREATE TABLE r (k text PRIMARY KEY, v text NOT NULL)");
    try (Connection publisher = postgres.connect(name);
        Statement publishes = publisher.createStatement()) {
      publisher.setAutoCommit(false);
      publishes.execute("SELECT quicksilver.publish('r', 'r')");
      root.execute("SET lock_timeout = '1ms'");
      root.execute("CREATE TEMP TABLE x (i int)");
      publisher.rollback();
    }
  }

  @Test
  void ddlOfOthersWaitsForNoLockOnOne() throws Exception {
    try (Connection holder = postgres.connect(name);
        Statement holds = holder.createStatement()) {
      holder.setAutoCommit(false);
      holds.execute("LOCK TABLE p, p1, p2 IN ACCESS EXCLUSIVE MODE");
      root.execute("SET lock_timeout = '1ms'");
      root.execute("CREATE TEMP TABLE x (i int)");
      root.execute("CREATE TABLE other (i int) PARTITION BY RANGE (i)");
      root.execute("CREATE TABLE other1 PARTITION OF other DEFAULT");
      root.execute("ALTER TABLE other DETACH PARTITION other1");
      root.execute("DROP TABLE x, other, other1");
      holder.rollback();
    }
  }
}
