package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.util.PSQLWarning;

/** A root and its migrations with the rights that docs/operations.md names, and no more. */
final class RootRightsTest {
  @TempDir Path data;

  @Test
  void theDocumentedRightsAreEnough() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Connection server = postgres.connect()) {
      SqlSession superuser = new SqlSession(server);
      superuser.execute("CREATE ROLE central LOGIN REPLICATION CREATEROLE PASSWORD 'p'");
      superuser.execute("CREATE DATABASE app");
      superuser.execute("GRANT CREATE ON DATABASE app TO central");
      String url = postgres.jdbcUrl("app");
      url = url.substring(0, url.indexOf('?'));
      Migrations.migrate(url, "central", "p");
      GatewayConfig config = GatewayConfig.of(url, "central", "p").withIdleInterval(Duration.ZERO);
      try (Connection app = postgres.connect("app");
          Connection mine = DriverManager.getConnection(url, "central", "p");
          DatabaseSet databases =
              DatabaseSet.open(data, StorageOptions.DEFAULT.withMapSize(1L << 30));
          Gateway gateway = Gateway.start(config, databases)) {
        SqlSession central = new SqlSession(app);
        assertThatThrownBy(() -> central.execute("SELECT quicksilver.create_database('dns')"))
            .hasMessageContaining("GRANT USAGE, CREATE ON SCHEMA public TO central");
        central.execute("GRANT USAGE, CREATE ON SCHEMA public TO central");
        central.execute("SELECT quicksilver.create_database('dns')");
        new SqlSession(mine).execute("SELECT quicksilver.create_database('other')");
        new SqlSession(mine).execute("CREATE TABLE t (k int PRIMARY KEY, v text NOT NULL)");
        new SqlSession(mine).execute("SELECT quicksilver.publish('t', 't')");
        new SqlSession(mine).execute("INSERT INTO t VALUES (1, 'one')");
        central.execute("SELECT quicksilver.wait_sequenced('60s')");
        assertThat(databases.get("t").orElseThrow().head().lastSequence()).isEqualTo(1);
        // Who may read at the edges: a role that is no superuser sees no verifiers unless it may.
        superuser.execute("CREATE ROLE app_reader LOGIN PASSWORD 'p'");
        try (Statement said = mine.createStatement()) {
          said.execute("SELECT quicksilver.grant_read('app_reader', 'dns')");
          assertThat(String.valueOf(((PSQLWarning) said.getWarnings()).getServerErrorMessage()))
              .contains("central may not read pg_authid")
              .contains("quicksilver.set_verifier('app_reader', verifier)");
        }
        assertThatThrownBy(
                () -> new SqlSession(mine).execute("SELECT quicksilver.refresh_verifiers()"))
            .hasMessageContaining(
                "GRANT SELECT (rolname, rolpassword) ON pg_authid TO central; or use"
                    + " quicksilver.set_verifier");
        assertThat(new SqlSession(mine).query("SELECT count(*) FROM quicksilver.problems()"))
            .isEqualTo("0");
        new SqlSession(mine).execute("SELECT quicksilver.grant_read('app_reader', '*')");
        central.execute("GRANT SELECT (rolname, rolpassword) ON pg_authid TO central");
        assertThat(new SqlSession(mine).query("SELECT quicksilver.refresh_verifiers()"))
            .isEqualTo("1");
        String verifier =
            superuser.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'app_reader'");
        central.execute("SELECT quicksilver.wait_sequenced('60s')");
        assertThat(LogEntries.lines(databases.get("quicksilver").orElseThrow()))
            .endsWith(
                "SET role:app_reader {\"databases\":[\"dns\"]}",
                "SET role:app_reader {\"databases\":[\"*\"]}",
                "SET role:app_reader {\"verifier\":\"" + verifier + "\",\"databases\":[\"*\"]}");
        assertThatThrownBy(() -> superuser.execute("DROP ROLE app_reader"))
            .hasMessageContaining("some objects depend on it");
        // It sees that commits wait for it, without pg_monitor.
        superuser.execute(
            "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (\"quicksilver-root\", b)'");
        superuser.execute("SELECT pg_reload_conf()");
        Root.eventually("it knows that commits wait", gateway::isSynchronous);
        superuser.execute("SET synchronous_commit = local");
        superuser.execute("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (quicksilver)'");
        superuser.execute("SELECT pg_reload_conf()");
        Root.eventually("it knows that they wait for another", () -> !gateway.isSynchronous());
        superuser.execute("ALTER SYSTEM RESET synchronous_standby_names");
        superuser.execute("SELECT pg_reload_conf()");
      }
    }
  }
}
