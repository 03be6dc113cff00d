package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class GatewayRefusalTest extends RootTest {
  @Test
  void refusesAWrongWalLevelUntilItIsSet() throws Exception {
    try (EmbeddedPostgres replica =
            EmbeddedPostgres.builder().setting("wal_level", "replica").start();
        Root other = new Root(replica, "other", scratch.resolve("other"))) {
      other.launch(other.config);
      refused(other, ErrorCode.WRONG_WAL_LEVEL, "ALTER SYSTEM SET wal_level = logical");
      other.stop();
      other.execute("ALTER SYSTEM SET wal_level = logical");
      replica.restart();
      other.start();
    }
  }

  @Test
  void refusesAMissingSlotOnceItHasPosition() throws Exception {
    seedAndStop();
    root.dropSlot();
    root.launch(root.config);
    refused(root, ErrorCode.SLOT_MISSING, "replication slot " + root.config.slotName());
  }

  @Test
  void refusesToBeginTheSameDatabasesWithAnotherHistory() throws Exception {
    seedAndStop();
    root.dropSlot();
    root.moveTo(scratch.resolve("empty"));
    root.launch(root.config);
    refused(root, ErrorCode.SLOT_MISSING, "SELECT quicksilver.begin_anew()");
    root.stop();
    root.execute("SELECT quicksilver.begin_anew()");
    root.start();
    root.catchUp();
    assertThat(root.log("dns")).containsExactly("SET a 1");
    root.stop();
    root.moveTo(scratch.resolve("data"));
    root.launch(root.config);
    refused(root, ErrorCode.WRONG_CLUSTER, "an empty one if that cluster was begun anew");
  }

  @Test
  void refusesASlotThatWasMadeAgain() throws Exception {
    seedAndStop();
    root.dropSlot();
    root.execute("INSERT INTO dns VALUES ('lost', '1')");
    root.execute(
        "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')"
            .formatted(root.config.slotName()));
    root.launch(root.config);
    refused(root, ErrorCode.SLOT_AHEAD, "entries would be missing");
  }

  @Test
  void refusesASlotThatSomebodyElseAdvanced() throws Exception {
    seedAndStop();
    root.execute("INSERT INTO dns VALUES ('lost', '1')");
    root.execute(
        "SELECT pg_replication_slot_advance('%s', pg_current_wal_lsn())"
            .formatted(root.config.slotName()));
    root.launch(root.config);
    refused(root, ErrorCode.SLOT_AHEAD, "start the node that was the root");
  }

  @Test
  void refusesASlotThatLostItsWal() throws Exception {
    seedAndStop();
    root.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    root.execute("SELECT pg_reload_conf()");
    try {
      Root.eventually(
          "the slot is lost",
          () -> {
            root.execute("SELECT pg_switch_wal()");
            root.execute("INSERT INTO dns VALUES (gen_random_uuid()::text, '1')");
            root.execute("CHECKPOINT");
            return root.query(
                    "SELECT wal_status FROM pg_replication_slots WHERE slot_name = '%s'"
                        .formatted(root.config.slotName()))
                .equals("lost");
          });
      root.launch(root.config);
      refused(root, ErrorCode.SLOT_LOST, "max_slot_wal_keep_size");
    } finally {
      root.execute("ALTER SYSTEM RESET max_slot_wal_keep_size");
      root.execute("SELECT pg_reload_conf()");
    }
  }

  @Test
  void refusesASlotOfAnotherPluginOrDatabase() throws Exception {
    seedAndStop();
    String slot = root.config.slotName();
    root.dropSlot();
    try (Connection elsewhere = postgres.connect();
        Statement statement = elsewhere.createStatement()) {
      statement.execute(
          "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot));
    }
    root.launch(root.config);
    refused(root, ErrorCode.SLOT_FOREIGN, "leave it alone and give this root a slot of its own");
  }

  @Test
  void refusesAMissingPublicationAndSchema() throws Exception {
    root.unguard();
    root.execute("DROP PUBLICATION quicksilver");
    root.launch(root.config);
    refused(root, ErrorCode.PUBLICATION_MISSING, "publication quicksilver");
    root.stop();
    root.execute("DROP SCHEMA quicksilver CASCADE");
    root.launch(root.config);
    refused(root, ErrorCode.SCHEMA_MISSING, "./quicksilver migrate");
  }

  @Test
  void refusesAnotherClusterAndAnotherSystem() throws Exception {
    seedAndStop();
    try (EmbeddedPostgres foreign = EmbeddedPostgres.start();
        Root other = new Root(foreign, "other", scratch.resolve("data"))) {
      other.launch(other.config);
      refused(other, ErrorCode.WRONG_CLUSTER, "data directory");
      other.stop();
      String id = root.query("SELECT id FROM quicksilver.cluster");
      other.execute("UPDATE quicksilver.cluster SET id = '%s'".formatted(id));
      other.launch(other.config);
      refused(other, ErrorCode.WRONG_SYSTEM, "made anew or is another one");
    }
  }

  @Test
  void refusesAWrongPasswordAndAnUnknownDatabase() throws Exception {
    GatewayConfig good = root.config;
    root.launch(
        new GatewayConfig(
            "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres",
            "postgres",
            "wrong",
            Duration.ZERO,
            good.slotName(),
            "quicksilver",
            Duration.ZERO));
    refused(root, ErrorCode.ACCESS_DENIED, "password");
    root.stop();
    root.launch(GatewayConfig.of(postgres.jdbcUrl("nowhere"), "", ""));
    refused(root, ErrorCode.ACCESS_DENIED, "nowhere");
  }

  @Test
  void refusesARoleThatMayWriteNothing() throws Exception {
    root.execute("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
    root.launch(root.config);
    refused(root, ErrorCode.READ_ONLY, "SET default_transaction_read_only = off");
    root.stop();
    root.execute("SET transaction_read_only = off");
    root.execute("ALTER DATABASE " + name + " RESET default_transaction_read_only");
    root.start();
  }

  @Test
  void refusesAPostgresThatLetsNobodyReplicate() throws Exception {
    for (String setting : new String[] {"max_replication_slots", "max_wal_senders"}) {
      try (EmbeddedPostgres strict = EmbeddedPostgres.builder().setting(setting, "0").start();
          Root other = new Root(strict, "other", scratch.resolve(setting))) {
        other.launch(other.config);
        refused(other, ErrorCode.NO_SLOT_LEFT, "ALTER SYSTEM SET " + setting);
        other.stop();
        other.execute("ALTER SYSTEM SET " + setting + " = 10");
        strict.restart();
        other.start();
      }
    }
  }

  @Test
  void refusesAnErrorThatComesAgainAndAgain() throws Exception {
    try (EmbeddedPostgres full =
            EmbeddedPostgres.builder().setting("max_replication_slots", "1").start();
        Root other = new Root(full, "other", scratch.resolve("other"))) {
      other.execute("SELECT pg_create_physical_replication_slot('the_only_one')");
      other.launch(other.config);
      refused(other, ErrorCode.POSTGRES_ERROR, "all replication slots are in use");
      other.stop();
      other.execute("SELECT pg_drop_replication_slot('the_only_one')");
    }
  }

  @Test
  void refusesASchemaThatIsNotOfThisVersion() throws Exception {
    root.unguard();
    root.execute("ALTER TABLE quicksilver.root RENAME COLUMN slot_name TO slot");
    root.launch(root.config);
    refused(root, ErrorCode.SCHEMA_MISSING, "./quicksilver migrate");
  }

  @Test
  void refusesATableThatLostItsValue() throws Exception {
    root.start();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.unguard();
    root.execute("ALTER TABLE dns DROP COLUMN value");
    root.execute("INSERT INTO dns VALUES ('a')");
    refused(root, ErrorCode.TABLE_CHANGED, "public.dns");
  }

  @Test
  void refusesAColumnOfAnotherType() throws Exception {
    root.start();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.unguard();
    root.execute("ALTER TABLE dns DROP CONSTRAINT value_must_not_exceed_64_mib");
    root.execute("ALTER TABLE dns ALTER value TYPE integer USING 0");
    root.execute("INSERT INTO dns VALUES ('a', 7)");
    refused(root, ErrorCode.TABLE_CHANGED, "no longer of type text");
  }

  @Test
  void refusesAKeyThatMayHaveSeveralRows() throws Exception {
    root.start();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.unguard();
    root.execute("ALTER TABLE dns ADD COLUMN part integer NOT NULL DEFAULT 0");
    root.execute("ALTER TABLE dns DROP CONSTRAINT key_is_unique_dns, ADD PRIMARY KEY (key, part)");
    root.execute("INSERT INTO dns VALUES ('a', '1', 1), ('a', '2', 2)");
    refused(root, ErrorCode.TABLE_CHANGED, "a key may have several rows");
  }

  @Test
  void waitsForASlotThatAnotherRootHolds() throws Exception {
    seedAndStop();
    root.start();
    try (dev.quicksilver.storage.DatabaseSet standby =
        dev.quicksilver.storage.DatabaseSet.open(
            scratch.resolve("standby"),
            dev.quicksilver.storage.lmdb.StorageOptions.DEFAULT.withMapSize(1L << 30))) {
      standby.create(root.databases().get("quicksilver").orElseThrow().identity());
      dev.quicksilver.storage.record.Head head =
          root.databases().get("quicksilver").orElseThrow().head();
      try (dev.quicksilver.storage.Database catalog = standby.get("quicksilver").orElseThrow();
          dev.quicksilver.storage.Appender appender = catalog.append()) {
        appender.position(head.position());
        appender.commit();
        try (Gateway waiting = Gateway.start(root.config, standby)) {
          Root.awaitStatus(
              waiting,
              status -> status.state() == GatewayStatus.State.WAITING_FOR_SLOT,
              "the second root waits");
        }
      }
    }
    root.execute("INSERT INTO dns VALUES ('b', '2')");
    root.catchUp();
    assertThat(root.pairs("dns")).containsOnlyKeys("a", "b");
  }

  private void seedAndStop() throws Exception {
    root.start();
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('a', '1')");
    root.catchUp();
    root.stop();
  }

  static void refused(Root root, ErrorCode code, String cure) throws Exception {
    root.awaitState(GatewayStatus.State.FAILED);
    GatewayException refusal =
        catchThrowableOfType(GatewayException.class, () -> root.gateway().await());
    assertThat(refusal).isNotNull();
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(code);
    assertThat(refusal.getMessage()).contains(cure).doesNotContain("\n");
  }
}
