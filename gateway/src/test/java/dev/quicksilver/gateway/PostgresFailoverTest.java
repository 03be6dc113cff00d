package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A primary and a standby; the primary dies and the standby is promoted. */
@Execution(ExecutionMode.CONCURRENT)
final class PostgresFailoverTest {
  @TempDir Path scratch;
  private EmbeddedPostgres primary;
  private EmbeddedPostgres standby;
  private DatabaseSet databases;
  private Gateway gateway;

  @AfterEach
  void stop() {
    if (gateway != null) {
      gateway.close();
      databases.close();
    }
    if (standby != null) {
      standby.close();
    }
    primary.close();
  }

  @Test
  void goesOnAtThePromotedStandby() throws Exception {
    startPair("standby", "on");
    execute(primary, "INSERT INTO dns VALUES ('a', '1')");
    awaitEntries(1);
    awaitSlotOnStandby();
    execute(primary, "INSERT INTO dns VALUES ('b', '2')");
    awaitEntries(2);
    primary.kill();
    standby.promote();
    execute(standby, "INSERT INTO dns VALUES ('c', '3')");
    awaitEntries(3);
    assertThat(database().head().position().timeline()).isEqualTo(2);
    assertThat(query(standby, "SELECT string_agg(key, ',' ORDER BY key) FROM dns"))
        .isEqualTo("a,b,c");
  }

  @Test
  void refusesAStandbyThatWasPromotedWithoutTheSlot() throws Exception {
    startPair("standby", "off");
    execute(primary, "INSERT INTO dns VALUES ('a', '1')");
    awaitEntries(1);
    primary.kill();
    standby.promote();
    refused(ErrorCode.SLOT_MISSING, "a standby that was promoted before it had a copy");
  }

  @Test
  void refusesASlotMadeAnewAtThePromotedStandby() throws Exception {
    startPair("standby", "off");
    execute(primary, "INSERT INTO dns VALUES ('a', '1')");
    awaitEntries(1);
    gateway.close();
    primary.kill();
    standby.promote();
    execute(standby, "INSERT INTO dns VALUES ('lost', '2')");
    execute(
        standby, "SELECT pg_create_logical_replication_slot('quicksilver_postgres', 'pgoutput')");
    gateway = Gateway.start(config(), databases);
    refused(ErrorCode.SLOT_AHEAD, "entries would be missing");
  }

  @Test
  void refusesAStandbyThatLacksWhatWasSequenced() throws Exception {
    startPair("", "on");
    execute(primary, "INSERT INTO dns VALUES ('a', '1')");
    awaitEntries(1);
    awaitSlotOnStandby();
    standby.stop();
    execute(primary, "INSERT INTO dns VALUES ('only at the old primary', '2')");
    awaitEntries(2);
    primary.kill();
    standby.restart();
    standby.promote();
    refused(ErrorCode.TIMELINE_FORKED, "promoted without the last writes");
  }

  @Test
  void waitsForAStandbyToBePromoted() throws Exception {
    startPair("", "on");
    awaitSlotOnStandby();
    gateway.close();
    gateway =
        Gateway.start(
            GatewayConfig.of(standby.jdbcUrl() + "&targetServerType=any", "", ""), databases);
    Root.awaitStatus(
        gateway,
        status -> status.lastProblem().contains("is a standby"),
        "the standby is no primary");
    Root.eventually(
        "the standby has all",
        () ->
            query(standby, "SELECT pg_last_wal_replay_lsn() - '0/0'")
                .equals(query(primary, "SELECT pg_current_wal_lsn() - '0/0'")));
    primary.kill();
    standby.promote();
    execute(standby, "INSERT INTO dns VALUES ('a', '1')");
    awaitEntries(1);
  }

  private void startPair(String synchronizedSlots, String syncsSlots) throws Exception {
    primary =
        EmbeddedPostgres.builder().setting("synchronized_standby_slots", synchronizedSlots).start();
    Migrations.migrate(primary.jdbcUrl(), "", "");
    standby =
        EmbeddedPostgres.builder()
            .standbyOf(primary, "standby")
            .setting("sync_replication_slots", syncsSlots)
            .start();
    databases =
        DatabaseSet.open(scratch.resolve("data"), StorageOptions.DEFAULT.withMapSize(1L << 30));
    gateway = Gateway.start(config(), databases);
    execute(primary, "SELECT quicksilver.create_database('dns')");
    Root.eventually("database dns", () -> databases.get("dns").isPresent());
  }

  private GatewayConfig config() {
    String own = "127.0.0.1:" + primary.port();
    return GatewayConfig.of(
            primary.jdbcUrl().replace(own, own + ",127.0.0.1:" + standby.port()), "", "")
        .withIdleInterval(Duration.ZERO);
  }

  /** Until the standby has a copy of the slot that outlives a promotion. */
  private void awaitSlotOnStandby() throws Exception {
    Root.eventually(
        "the slot is on the standby",
        () -> {
          // What lets the standby's copy begin; PostgreSQL itself does so every 15 s.
          query(primary, "SELECT pg_log_standby_snapshot()");
          return query(
                  standby,
                  "SELECT count(*) FROM pg_replication_slots WHERE slot_name ="
                      + " 'quicksilver_postgres' AND synced AND NOT temporary")
              .equals("1");
        });
  }

  private void awaitEntries(long count) throws Exception {
    Root.await(
        count + " entries",
        () -> {
          if (gateway.status().state() == GatewayStatus.State.FAILED) {
            gateway.await();
          }
          return database().head().lastSequence();
        },
        last -> last >= count);
    assertThat(database().head().lastSequence()).isEqualTo(count);
  }

  private Database database() {
    return databases.get("dns").orElseThrow();
  }

  private void refused(ErrorCode code, String cure) throws Exception {
    Root.awaitStatus(gateway, status -> status.state() == GatewayStatus.State.FAILED, "a refusal");
    GatewayException refusal = catchThrowableOfType(GatewayException.class, () -> gateway.await());
    assertThat(refusal).isNotNull();
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(code);
    assertThat(refusal.getMessage()).contains(cure).doesNotContain("\n");
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws Exception {
    try (Connection connection = postgres.connect()) {
      new SqlSession(connection).execute(sql);
    }
  }

  private static String query(EmbeddedPostgres postgres, String sql) throws Exception {
    try (Connection connection = postgres.connect()) {
      return new SqlSession(connection).query(sql);
    }
  }
}
