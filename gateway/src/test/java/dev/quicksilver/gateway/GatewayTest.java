package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.ChainHash;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

final class GatewayTest extends RootTest {
  @BeforeEach
  void startRoot() throws Exception {
    root.start();
  }

  @Test
  void writesEveryKindOfStatementInOrder() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1'), ('b', '2')");
    root.execute(
        "INSERT INTO dns VALUES ('a', '3'), ('c', '4') ON CONFLICT (key) DO UPDATE SET value ="
            + " excluded.value");
    root.execute("UPDATE dns SET key = 'd' WHERE key = 'b'");
    root.execute("DELETE FROM dns WHERE key = 'a'");
    root.execute("TRUNCATE dns");
    root.execute("INSERT INTO dns VALUES ('ä', '')");
    root.catchUp();
    assertThat(root.log("dns"))
        .containsExactly(
            "SET a 1", "SET b 2", "SET a 3", "SET c 4", "DEL b", "SET d 2", "DEL a", "CLEAR",
            "SET ä");
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns"));
    assertThat(root.entries("dns").stream().map(LogEntry::sequence))
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
  }

  @Test
  void commitsOncePerWindowThoughNothingMoreWaits() throws Exception {
    root.stop();
    root.launch(root.config.withWindow(Duration.ofHours(1)));
    root.execute("SELECT quicksilver.create_database('dns')");
    Root.eventually("the first commit never waits", () -> root.databases().get("dns").isPresent());
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.execute("INSERT INTO dns VALUES ('b', '2')");
    root.execute(
        "INSERT INTO dns SELECT 'large', string_agg(md5(i::text), '')"
            + " FROM generate_series(1, 400000) i");
    Database dns = root.databases().get("dns").orElseThrow();
    Root.await("8 MiB do not wait", () -> dns.head().lastSequence(), last -> last == 3);
    BlockHeader block = dns.readLog(1).nextBlock();
    assertThat(block.lastSequence()).as("all three are in one block").isEqualTo(3);
  }

  @Test
  void capturesRowsOfTheTransactionThatCreatesTheDatabase() throws Exception {
    root.connection.setAutoCommit(false);
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.connection.commit();
    root.connection.setAutoCommit(true);
    root.catchUp();
    assertThat(root.pairs("dns")).containsExactly(java.util.Map.entry("a", "1"));
    assertThat(root.pairs("quicksilver").get("dns"))
        .matches(
            "\\{\"id\":\"[0-9a-f-]{36}\",\"key_type\":\"text\",\"value_type\":\"text\","
                + "\"table\":\"public.dns\",\"relation\":[0-9]+}")
        .contains(root.query("SELECT id FROM quicksilver.databases"));
  }

  @Test
  void ignoresWhatWasRolledBackTakesWhatWasPreparedAndCopied() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.connection.setAutoCommit(false);
    root.execute("INSERT INTO dns VALUES ('kept', '1')");
    root.execute("SAVEPOINT s");
    root.execute("INSERT INTO dns VALUES ('dropped', '1')");
    root.execute("ROLLBACK TO SAVEPOINT s");
    root.execute("INSERT INTO dns VALUES ('kept too', '1')");
    root.connection.commit();
    root.execute("INSERT INTO dns VALUES ('prepared', '1')");
    root.execute("PREPARE TRANSACTION 'test-prepared'");
    root.connection.setAutoCommit(true);
    root.execute("COMMIT PREPARED 'test-prepared'");
    root.connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn("COPY dns FROM STDIN", new StringReader("x\t1\ny\t2\n"));
    root.catchUp();
    assertThat(root.log("dns"))
        .containsExactly("SET kept 1", "SET kept too 1", "SET prepared 1", "SET x 1", "SET y 2");
  }

  @Test
  void keepsLargeValuesThatAnUpdateLeftAlone() throws Exception {
    root.execute("SELECT quicksilver.create_database('big')");
    root.execute("ALTER TABLE big ALTER value SET STORAGE EXTERNAL");
    root.execute("INSERT INTO big VALUES ('a', repeat('x', 100000)), ('b', repeat('y', 3000000))");
    root.execute("UPDATE big SET key = 'c' WHERE key = 'a'");
    root.execute("UPDATE big SET key = key");
    root.catchUp();
    assertThat(root.pairs("big")).isEqualTo(root.table("big")).hasSize(2);
  }

  @Test
  void storesJsonbAsItsTextAndBytesAsTheyAre() throws Exception {
    root.execute("SELECT quicksilver.create_database('j', 'text', 'jsonb')");
    root.execute("SELECT quicksilver.create_database('k', 'text', 'json')");
    root.execute("SELECT quicksilver.create_database('b', 'bytea', 'bytea')");
    root.execute("INSERT INTO j VALUES ('a', '{\"x\": [1, 2]}')");
    root.execute("INSERT INTO k VALUES ('a', '{\"x\":   1}')");
    root.execute("INSERT INTO b VALUES ('\\x61', '\\x00ff')");
    root.catchUp();
    assertThat(root.pairs("j")).isEqualTo(root.table("j"));
    assertThat(root.pairs("k")).isEqualTo(root.table("k"));
    LogEntry entry = root.entries("b").getFirst();
    assertThat(entry.key()).containsExactly('a');
    assertThat(entry.value()).containsExactly(0x00, 0xFF);
  }

  @Test
  void splitsATransactionOverTheDatabasesItTouches() throws Exception {
    root.execute("SELECT quicksilver.create_database('one')");
    root.execute("SELECT quicksilver.create_database('two')");
    root.execute(
        "WITH w AS (INSERT INTO one VALUES ('a', '1') RETURNING *) INSERT INTO two SELECT * FROM"
            + " w");
    root.catchUp();
    LogEntry one = root.entries("one").getFirst();
    LogEntry two = root.entries("two").getFirst();
    assertThat(one.commitLsn()).isEqualTo(two.commitLsn()).isNotZero();
    assertThat(one.commitTime()).isEqualTo(two.commitTime());
    assertThat(one.sequence()).isEqualTo(two.sequence()).isEqualTo(1);
  }

  @Test
  void goesOnAfterARestartWithoutLossOrRepetition() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns SELECT 'a' || i, i FROM generate_series(1, 1000) i");
    root.catchUp();
    root.stop();
    root.execute("INSERT INTO dns SELECT 'b' || i, i FROM generate_series(1, 1000) i");
    root.execute("SELECT quicksilver.create_database('late')");
    root.execute("INSERT INTO late VALUES ('a', '1')");
    root.start();
    root.catchUp();
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns")).hasSize(2000);
    assertThat(root.databases().get("dns").orElseThrow().head().lastSequence()).isEqualTo(2000);
    assertThat(root.pairs("late")).hasSize(1);
  }

  @Test
  void dropsAndCreatesDatabasesInWalOrder() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('old', '1')");
    root.connection.setAutoCommit(false);
    root.execute("INSERT INTO dns VALUES ('older', '1')");
    root.execute("SELECT quicksilver.drop_database('dns')");
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('new', '1')");
    root.connection.commit();
    root.connection.setAutoCommit(true);
    root.execute("SELECT quicksilver.create_database('gone')");
    root.execute("INSERT INTO gone VALUES ('a', '1')");
    root.execute("SELECT quicksilver.drop_database('gone')");
    root.catchUp();
    assertThat(root.log("dns")).containsExactly("SET new 1");
    assertThat(root.databases().get("gone")).isEmpty();
    assertThat(root.databases().get("dns").orElseThrow().identity().id().toString())
        .isEqualTo(root.query("SELECT id FROM quicksilver.databases"));
    root.stop();
    root.start();
    assertThat(root.log("dns")).containsExactly("SET new 1");
  }

  @Test
  void makesTheSameEntriesFromTheSameWalOnAnyNode(@TempDir Path second) throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.catchUp();
    root.stop();
    root.execute(
        "SELECT pg_copy_logical_replication_slot('%1$s', '%1$s_twin')"
            .formatted(root.config.slotName()));
    copy(scratch.resolve("data"), second);
    for (int i = 0; i < 50; i++) {
      root.execute(
          "INSERT INTO dns SELECT 'k' || j, md5(random()::text) FROM generate_series(1, %d) j"
                  .formatted(i + 1)
              + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    }
    root.start();
    root.catchUp();
    ChainHash first = root.databases().get("dns").orElseThrow().head().chainHash();
    try (dev.quicksilver.storage.DatabaseSet twins =
            dev.quicksilver.storage.DatabaseSet.open(
                second, dev.quicksilver.storage.lmdb.StorageOptions.DEFAULT.withMapSize(1L << 30));
        Gateway twin =
            Gateway.start(
                new GatewayConfig(
                    root.config.jdbcUrl(),
                    "",
                    "",
                    java.time.Duration.ZERO,
                    root.config.slotName() + "_twin",
                    "quicksilver",
                    java.time.Duration.ZERO),
                twins)) {
      Root.await(
          "the twin has the same chain hash",
          () -> twins.get("dns").orElseThrow().head().chainHash(),
          first::equals);
      Root.awaitStatus(
          twin, status -> status.state() == GatewayStatus.State.STREAMING, "the twin streams");
    } finally {
      root.dropSlot(root.config.slotName() + "_twin");
    }
  }

  @Test
  void standsByForASlotAndTakesItOverOnceItIsFree(@TempDir Path second) throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.catchUp();
    root.stop();
    copy(scratch.resolve("data"), second);
    // Confirms nothing of its own accord, so the standby, which follows nobody, stays level.
    root.launch(root.config.withIdleInterval(Duration.ofHours(1)));
    root.awaitState(GatewayStatus.State.STREAMING);
    try (dev.quicksilver.storage.DatabaseSet databases =
            dev.quicksilver.storage.DatabaseSet.open(
                second, dev.quicksilver.storage.lmdb.StorageOptions.DEFAULT.withMapSize(1L << 30));
        Gateway standby = Gateway.start(root.config, databases)) {
      Root.awaitStatus(
          standby,
          status -> status.state() == GatewayStatus.State.WAITING_FOR_SLOT,
          "the second root stands by");
      root.gateway().close();
      Root.awaitStatus(
          standby,
          status -> status.state() == GatewayStatus.State.STREAMING,
          "the second root takes over");
      root.execute("INSERT INTO dns VALUES ('b', '2')");
      Database dns = databases.get("dns").orElseThrow();
      Root.await("its row", () -> dns.head().lastSequence(), last -> last == 2);
      assertThat(LogEntries.lines(dns)).containsExactly("SET a 1", "SET b 2");
    }
  }

  @Test
  void takesKeyAndValueByNameHoweverTheTableChanges() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.connection.setAutoCommit(false);
    root.execute("INSERT INTO dns VALUES ('b', '2')");
    root.execute("ALTER TABLE dns ADD COLUMN note integer DEFAULT 5");
    root.execute("INSERT INTO dns (note, value, key) VALUES (9, '3', 'c')");
    root.execute("ALTER TABLE dns RENAME TO names");
    root.execute("UPDATE names SET note = 6, value = value || '!' WHERE key = 'a'");
    root.connection.commit();
    root.connection.setAutoCommit(true);
    root.execute("ALTER TABLE names REPLICA IDENTITY FULL");
    root.execute("DELETE FROM names WHERE key = 'b'");
    root.catchUp();
    assertThat(root.log("dns"))
        .containsExactly("SET a 1", "SET b 2", "SET c 3", "SET a 1!", "DEL b");
    assertThat(root.pairs("dns")).isEqualTo(root.table("names"));
  }

  @Test
  void keepsADatabaseWhoseTableIsGoneUntilItIsDropped() throws Exception {
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.unguard();
    root.execute("DROP TABLE dns");
    root.catchUp();
    assertThat(root.pairs("dns")).containsOnlyKeys("a");
    root.execute("SELECT quicksilver.drop_database('dns')");
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('b', '2')");
    root.catchUp();
    assertThat(root.log("dns")).containsExactly("SET b 2");
  }

  @Test
  void goesOnOnceAFullMapHasRoomAgain() throws Exception {
    root.stop();
    root.options =
        root.options.withMapSize(64L << 20).withLog(java.time.Duration.ofDays(1), 2L << 20);
    root.start();
    root.execute("SELECT quicksilver.create_database('big')");
    root.catchUp();
    String put =
        "INSERT INTO big SELECT 'a', string_agg(md5(random()::text), '') FROM"
            + " generate_series(1, 60000) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    try (var _ = root.databases().get("big").orElseThrow().snapshot()) {
      for (int i = 0;
          i < 500 && root.gateway().status().state() != GatewayStatus.State.WAITING_FOR_SPACE;
          i++) {
        root.execute(put);
      }
      Root.awaitStatus(
          root.gateway(),
          status ->
              status.state() == GatewayStatus.State.WAITING_FOR_SPACE
                  && status.lastProblem().contains("NO_SPACE"),
          "the map is full");
    }
    root.execute("INSERT INTO big VALUES ('b', '2')");
    root.catchUp();
    assertThat(root.pairs("big")).isEqualTo(root.table("big"));
    root.awaitState(GatewayStatus.State.STREAMING);
  }

  @Test
  void takesOverEmptyDatabasesFromBeforeTheFirstStart(@TempDir Path other) throws Exception {
    try (Root late = new Root(postgres, "late_" + name, other)) {
      late.execute("SELECT quicksilver.create_database('early')");
      late.execute("SELECT quicksilver.create_database('blob', 'bytea', 'bytea')");
      late.execute("INSERT INTO early VALUES ('gone', '1')");
      late.execute("DELETE FROM early");
      late.start();
      late.execute("INSERT INTO early VALUES ('a', '1')");
      late.execute("SELECT quicksilver.drop_database('blob')");
      late.catchUp();
      assertThat(late.log("early")).containsExactly("SET a 1");
      assertThat(late.databases().get("blob")).isEmpty();
      late.stop();
      late.start();
      assertThat(late.log("early")).containsExactly("SET a 1");
      assertThat(late.log("quicksilver")).hasSize(3);
    }
  }

  @Test
  void letsAnIdleDatabasesWalGo() throws Exception {
    root.execute("CREATE TABLE unpublished AS SELECT generate_series(1, 10000)");
    String lsn = root.query("SELECT pg_current_wal_lsn()");
    Root.eventually(
        "the slot is confirmed beyond " + lsn,
        () ->
            root.query(
                    "SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = '%s'"
                        .formatted(lsn, root.config.slotName()))
                .equals("t"));
  }

  @Test
  void survivesPostgresBeingKilled() throws Exception {
    try (EmbeddedPostgres own = EmbeddedPostgres.start();
        Root killed = new Root(own, "own", scratch.resolve("killed")).start()) {
      killed.execute("SELECT quicksilver.create_database('dns')");
      killed.execute("INSERT INTO dns VALUES ('a', '1')");
      own.kill();
      killed.awaitState(GatewayStatus.State.CONNECTING);
      own.restart();
      try (java.sql.Connection again = own.connect("own");
          java.sql.Statement statement = again.createStatement()) {
        statement.execute("INSERT INTO dns VALUES ('b', '2')");
      }
      Root.await(
          "both rows",
          () -> killed.pairs("dns").keySet(),
          keys -> keys.containsAll(List.of("a", "b")));
      assertThat(killed.log("dns")).containsExactly("SET a 1", "SET b 2");
    }
  }

  private static void copy(Path from, Path to) throws java.io.IOException {
    try (java.util.stream.Stream<Path> files = java.nio.file.Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (!target.equals(to)) {
          java.nio.file.Files.copy(file, target, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        }
      }
    }
  }
}
