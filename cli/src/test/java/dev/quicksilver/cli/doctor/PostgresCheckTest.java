package dev.quicksilver.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.cli.doctor.Patient.Examined;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL that is broken for real; the cure that is printed is run, and cures it. */
final class PostgresCheckTest {
  private static EmbeddedPostgres postgres;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    postgres = EmbeddedPostgres.start();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private static String database(String name) throws SQLException {
    execute("postgres", "CREATE DATABASE " + name);
    return postgres.jdbcUrl(name);
  }

  private static void execute(String database, String... statements) throws SQLException {
    execute(postgres, database, statements);
  }

  private static void execute(EmbeddedPostgres on, String database, String... statements)
      throws SQLException {
    try (Connection connection = on.connect(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private Examined examine(String url) {
    return Patient.examine(
        List.of(
            "root",
            "--json",
            "--data-directory=" + folder.resolve("data"),
            "--replication-listen=127.0.0.1:0",
            "--postgres-url=" + url));
  }

  @Test
  void aServerBeforeTheFirstStartIsSound() throws Exception {
    Examined examined = examine(database("sound"));
    assertThat(examined.report().errors()).as(examined.out()).isZero();
    for (String check :
        List.of("postgres", "version", "settings", "rights", "replication", "slots", "tables")) {
      examined.sound(check);
    }
    examined.sound("clock");
  }

  @Test
  void aMigratedDatabaseIsSound() throws Exception {
    String url = database("migrated");
    var _ = Migrations.migrate(url, "", "");
    execute("migrated", "SELECT quicksilver.create_database('dns')");
    Examined examined = examine(url);
    assertThat(examined.report().errors()).as(examined.out()).isZero();
    examined.sound("tables");
  }

  @Test
  void findsThatNothingAnswers() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Report.Line line =
        examine("jdbc:postgresql://127.0.0.1:" + port + "/postgres").error("postgres");
    assertThat(line.what()).contains("127.0.0.1:" + port);
    assertThat(line.cure()).contains("start PostgreSQL");
  }

  @Test
  void findsADatabaseThatIsNotThere() {
    assertThat(examine(postgres.jdbcUrl("nowhere")).error("postgres").cure()).contains("createdb");
  }

  @Test
  void findsAnEncodingThatIsNotUtf8() throws Exception {
    execute("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    assertThat(examine(postgres.jdbcUrl("latin")).error("version").what()).contains("LATIN1");
  }

  @Test
  void findsRightsThatAreMissing() throws Exception {
    // A server of its own: the roles that a migration makes are of the whole server.
    try (EmbeddedPostgres own = EmbeddedPostgres.start()) {
      findsRightsThatAreMissing(own);
    }
  }

  private void findsRightsThatAreMissing(EmbeddedPostgres own) throws SQLException {
    execute(own, "postgres", "CREATE ROLE poor LOGIN PASSWORD 'poor'");
    String asPoor =
        own.jdbcUrl()
            .replaceFirst("user=[^&]*", "user=poor")
            .replaceFirst("password=[^&]*", "password=poor");
    assertThat(asPoor).contains("user=poor", "password=poor");
    Examined poor = examine(asPoor);
    List<Report.Line> rights = of(poor, "rights");
    assertThat(rights)
        .extracting(Report.Line::cure)
        .contains("ALTER ROLE poor REPLICATION", "GRANT CREATE ON DATABASE postgres TO poor")
        .anyMatch(cure -> cure.startsWith("ALTER ROLE poor CREATEROLE"));
    assertThat(poor.error("replication").cure()).isEqualTo("ALTER ROLE poor REPLICATION");
    for (Report.Line line : rights) {
      execute(own, "postgres", statement(line));
    }
    Examined cured = examine(asPoor);
    assertThat(cured.report().errors()).as(cured.out()).isZero();
    cured.sound("replication");
  }

  private static String statement(Report.Line line) {
    return line.cure().replaceFirst(";.*", "");
  }

  private static List<Report.Line> of(Examined examined, String check) {
    return examined.report().findings().stream()
        .filter(line -> line.check().equals(check) && !line.level().equals("ok"))
        .toList();
  }

  @Test
  void findsThatTheSchemaIsAnotherRoles() throws Exception {
    String url = database("inherited");
    var _ = Migrations.migrate(url, "", "");
    execute(
        "inherited",
        "CREATE ROLE heir LOGIN REPLICATION PASSWORD 'heir'",
        "GRANT USAGE, CREATE ON SCHEMA public TO heir");
    String asHeir =
        url.replaceFirst("user=[^&]*", "user=heir").replaceFirst("password=[^&]*", "password=heir");
    Examined examined = examine(asHeir);
    Report.Line line = examined.error("rights");
    assertThat(line.what()).contains("the schema quicksilver is postgres's");
    assertThat(examined.report().errors()).as(examined.out()).isOne();
    execute("inherited", line.cure().replaceFirst(".*; or ", ""));
    assertThat(examine(asHeir).report().errors()).isZero();
  }

  @Test
  void findsAPasswordThatIsWrong() throws Exception {
    execute("postgres", "CREATE ROLE clerk LOGIN REPLICATION PASSWORD 'right'");
    String wrong =
        postgres
            .jdbcUrl("postgres")
            .replaceFirst("user=[^&]*", "user=clerk")
            .replaceFirst("password=[^&]*", "password=wrong");
    assertThat(examine(wrong).error("postgres").cure()).contains("postgres.password-file");
  }

  @Test
  void findsATableThatPostgres18LetsNobodyUpdate() throws Exception {
    String url = database("trap");
    var _ = Migrations.migrate(url, "", "");
    execute(
        "trap",
        "CREATE TABLE things (id bigint PRIMARY KEY, name text NOT NULL)",
        "SELECT quicksilver.publish('things', 'things')",
        // As where no superuser has migrated: there are no event triggers then.
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE"
            + " format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$",
        "ALTER TABLE things REPLICA IDENTITY FULL",
        "ALTER TABLE things ADD long bigint GENERATED ALWAYS AS (id * 2) STORED",
        "INSERT INTO things VALUES (1, 'a')");
    List<Report.Line> found =
        of(examine(url), "tables").stream()
            .filter(line -> line.what().contains("generated column"))
            .toList();
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().what()).contains("UPDATE and DELETE of things", "long");
    execute(
        "trap",
        statement(found.getFirst()),
        "UPDATE things SET name = 'b'"); // what PostgreSQL had refused
    assertThat(of(examine(url), "tables"))
        .noneMatch(line -> line.what().contains("generated column"));
  }

  @Test
  void findsAPublishedTableThatNobodyCanUpdateForItsIdentity() throws Exception {
    String url = database("identity");
    var _ = Migrations.migrate(url, "", "");
    execute(
        "identity",
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE"
            + " format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$",
        "CREATE TABLE computed (a int, id int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY)",
        "CREATE TABLE keyless (a int)",
        "ALTER PUBLICATION quicksilver ADD TABLE computed, keyless",
        "INSERT INTO computed VALUES (1)",
        "INSERT INTO keyless VALUES (1)");
    for (String table : List.of("computed", "keyless")) {
      String update = "UPDATE " + table + " SET a = 2";
      assertThatExceptionOfType(SQLException.class).isThrownBy(() -> execute("identity", update));
      List<Report.Line> found =
          of(examine(url), "tables").stream()
              .filter(line -> line.what().contains("refuses UPDATE and DELETE of " + table + ":"))
              .toList();
      assertThat(found).as(table).hasSize(1);
      execute("identity", statement(found.getFirst()), update);
    }
  }

  @Test
  void findsWhatHoldsWal() throws Exception {
    String url = database("held");
    var _ = Migrations.migrate(url, "", "");
    execute("held", "SELECT pg_create_logical_replication_slot('other_plugin', 'test_decoding')");
    Examined examined =
        Patient.examine(
            List.of(
                "root",
                "--json",
                "--data-directory=" + folder.resolve("data"),
                "--replication-listen=127.0.0.1:0",
                "--postgres-url=" + url,
                "--root-slot=other_plugin"));
    assertThat(examined.error("slots").cure()).contains("root.slot");
    execute("held", "SELECT pg_drop_replication_slot('other_plugin')");
    examine(url).sound("slots");
  }

  @Test
  void findsSettingsWithoutWhichNoSlotIsRead() throws Exception {
    try (EmbeddedPostgres poor =
        EmbeddedPostgres.builder()
            .setting("wal_level", "replica")
            .setting("max_wal_senders", "0")
            .setting("max_replication_slots", "0")
            .setting("idle_replication_slot_timeout", "60")
            .setting("max_slot_wal_keep_size", "100MB")
            .start()) {
      List<Report.Line> found = of(examine(poor.jdbcUrl()), "settings");
      assertThat(found)
          .extracting(line -> line.what().replaceFirst(" is .*", ""))
          .contains(
              "wal_level",
              "max_wal_senders",
              "max_replication_slots",
              "idle_replication_slot_timeout",
              "max_slot_wal_keep_size");
      try (Connection connection = poor.connect();
          Statement statement = connection.createStatement()) {
        for (Report.Line line : found) {
          statement.execute(statement(line));
        }
      }
      poor.restart();
      examine(poor.jdbcUrl()).sound("settings");
    }
  }

  @Test
  void judgesClocks() {
    assertThat(ClockCheck.judge(1_000, 1_500, 2_000, "its").level()).isEqualTo(Finding.Level.OK);
    Finding ahead = ClockCheck.judge(1_000, 9_000, 2_000, "its");
    assertThat(ahead.level()).isEqualTo(Finding.Level.WARNING);
    assertThat(ahead.what()).contains("7000 ms ahead");
    assertThat(ClockCheck.judge(10_000, 1_000, 11_000, "its").what()).contains("9000 ms behind");
  }
}
