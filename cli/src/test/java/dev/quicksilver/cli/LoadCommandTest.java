package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code ./quicksilver load} as a process of its own. */
@Execution(ExecutionMode.CONCURRENT)
final class LoadCommandTest {
  private static final int MANY = 100_000;

  @TempDir private Path folder;
  private EmbeddedPostgres postgres;
  private Connection connection;
  private SqlSession session;

  @BeforeEach
  void start() throws SQLException {
    postgres = EmbeddedPostgres.start();
    connection = postgres.connect();
    session = new SqlSession(connection);
    Migrations.migrate(postgres.jdbcUrl(), "", "");
    session.execute("SELECT quicksilver.create_database('dns')");
  }

  @AfterEach
  void stop() throws SQLException {
    connection.close();
    postgres.close();
  }

  private ProcessBuilder load(String... words) {
    List<String> all = new ArrayList<>(List.of("load", "dns"));
    all.addAll(List.of(words));
    all.add("--postgres-url=" + postgres.jdbcUrl());
    ProcessBuilder builder =
        JavaCommand.process(Quicksilver.class, List.of("-Xmx128m"), List.copyOf(all));
    return builder.directory(folder.toFile()).redirectErrorStream(true);
  }

  private static Ended end(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private static Ended run(ProcessBuilder builder) throws Exception {
    return end(builder.start());
  }

  private Path manyPairs() throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < MANY; i++) {
      text.append(i % 1000 == 999 ? "bad" : "k" + i + "\tv" + i).append('\n');
    }
    return Files.writeString(folder.resolve("many.tsv"), text);
  }

  private String[] manyInSmallBatches() throws IOException {
    return new String[] {
      "--from=" + manyPairs(), "--batch-rows=100", "--max-rejects=1%", "--summary=summary.json"
    };
  }

  /** Starts it, and waits until a part is loaded. */
  private Process startMany(String... words) throws Exception {
    Process process = load(words).redirectOutput(folder.resolve("killed.log").toFile()).start();
    Await.until(
        "a part is loaded",
        () -> Long.parseLong(session.query("SELECT count(*) FROM dns")),
        count -> count > 0);
    assertThat(process.isAlive()).isTrue();
    return process;
  }

  private void requireAll(Ended ended) throws Exception {
    assertThat(ended.exitCode()).as(ended.output()).isEqualTo(ExitCode.OK);
    assertThat(ended.output())
        .contains("100,000 records read = 99,900 loaded + 0 unchanged + 100 rejected + 0 duplicate")
        .contains("of them were read by earlier runs");
    assertThat(
            session.query(
                "SELECT count(*) || ' ' || count(*) FILTER (WHERE value = 'v' || substr(key, 2))"
                    + " FROM dns"))
        .isEqualTo("99900 99900");
    JsonNode summary = Json.MAPPER.readTree(Files.readString(folder.resolve("summary.json")));
    assertThat(summary.path("read").asLong()).isEqualTo(MANY);
    assertThat(summary.path("read_before").asLong()).isPositive();
    assertThat(Files.readAllLines(folder.resolve("dns-rejects.tsv")))
        .filteredOn("bad"::equals)
        .hasSize(100);
  }

  @Test
  void goesOnAfterItWasKilled() throws Exception {
    String[] words = manyInSmallBatches();
    for (int i = 0; i < 2; i++) {
      Process process = startMany(words);
      process.destroyForcibly().waitFor();
    }
    requireAll(run(load(words)));
  }

  @Test
  void stopsAfterABatchWhenAskedTo() throws Exception {
    String[] words = manyInSmallBatches();
    Process process = startMany(words);
    process.destroy();
    assertThat(process.waitFor()).isEqualTo(ExitCode.FAILURE);
    assertThat(folder.resolve("killed.log"))
        .content()
        .contains("stopped after a batch: the same command goes on there");
    requireAll(run(load(words)));
  }

  @Test
  void readsStandardInputAndWaitsForReplicas() throws Exception {
    try (var cluster = startRootAndEdge()) {
      Process process =
          load("--from=-", "--format=csv", "--key={host|lower}", "--value={address}", "--wait=all")
              .start();
      try (var in = process.getOutputStream()) {
        in.write("address,host\n192.0.2.1,A\n192.0.2.2,B\n".getBytes(StandardCharsets.UTF_8));
      }
      Ended ended = end(process);
      assertThat(ended.exitCode()).as(ended.output()).isEqualTo(ExitCode.OK);
      assertThat(ended.output())
          .contains("2 records read = 2 loaded", ", the same: it holds just these pairs")
          .contains("1 replicas have it");
      Ended read = cluster.run("get", "dns", "b", "--data-directory=" + cluster.data("edge"));
      assertThat(read.output().strip()).isEqualTo("192.0.2.2");
      Path exported = folder.resolve("dns.csv.gz");
      Ended export =
          cluster.run(
              "export", "dns", "--to=" + exported, "--data-directory=" + cluster.data("edge"));
      assertThat(export.exitCode()).as(export.output()).isEqualTo(ExitCode.OK);
      assertThat(export.output()).contains("dns: 2 pairs at sequence 2, content digest ");
      Ended again = run(load("--from=" + exported, "--key={key}", "--value={value}"));
      assertThat(again.output()).contains("2 records read = 0 loaded + 2 unchanged");
      loadsWhatAnotherHolds(cluster);
    }
  }

  /** Of a data directory, of a snapshot and of a table. */
  private void loadsWhatAnotherHolds(Cluster cluster) throws Exception {
    String edge = cluster.data("edge").toString();
    String snapshot = folder.resolve("snapshot").toString();
    Ended copied = cluster.run("snapshot", "dns", snapshot, "--data-directory=" + edge);
    assertThat(copied.exitCode()).as(copied.output()).isEqualTo(ExitCode.OK);
    String url = postgres.jdbcUrl();
    for (List<String> source :
        List.of(
            List.of("--from=" + edge),
            List.of("--from=" + snapshot),
            List.of("--from=" + url, "--table=dns"),
            List.of("--from=" + url, "--query=SELECT key, value FROM dns ORDER BY key"))) {
      Ended loaded = run(load(source.toArray(String[]::new)));
      assertThat(loaded.output()).contains("2 records read = 0 loaded + 2 unchanged");
      List<String> words = new ArrayList<>(List.of("compare", "dns", "--data-directory=" + edge));
      words.addAll(source);
      Ended compared = cluster.run(words.toArray(String[]::new));
      // The copy itself cannot be opened twice.
      assertThat(compared.output())
          .contains(
              source.equals(List.of("--from=" + edge))
                  ? "is already open in this process"
                  : "2 equal, 0 missing, 0 additional, 0 different");
    }
    wrong(ExitCode.USAGE, "either --table or --query", "--from=" + url);
    wrong(ExitCode.USAGE, "for a PostgreSQL, and --from names none", "--from=" + edge, "--table=x");
    wrong(ExitCode.USAGE, "it holds: dns", "--from=" + edge, "--from-database=x");
    wrong(ExitCode.USAGE, "neither a data directory nor a snapshot", "--from=" + folder);
    wrong(ExitCode.USAGE, "are for files", "--from=" + edge, "--format=csv");
    wrong(ExitCode.USAGE, "a PostgreSQL is written", "--from=postgresql:x", "--table=y");
    wrong(ExitCode.FAILURE, "does not exist", "--from=" + url, "--table=nothing");
  }

  private Cluster startRootAndEdge() throws Exception {
    Cluster cluster = TestCluster.in(folder).usePostgres(CentralPostgres.of(postgres));
    try {
      cluster.start(NodeSpec.root("root").with(Settings.ROOT_WINDOW, "20ms"));
      cluster.start(NodeSpec.replica("edge", "root"));
      Await.until(
          "the replica streams",
          () ->
              session.query(
                  "SELECT count(*) FROM quicksilver.replicas WHERE database = 'dns' AND state ="
                      + " 'STREAMING'"),
          count -> !count.equals("0"));
      return cluster;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  @Test
  void waitsForTheWorstReplica() throws Exception {
    try (var cluster = startRootAndEdge()) {
      cluster.process("edge").hang();
      String source = "--from=" + manyPairs();
      Process process = startMany(source, "--max-rejects=1%", "--max-lag=1s", "--batch-rows=50");
      Path log = folder.resolve("killed.log");
      Await.until(
          "it waits",
          () -> Files.readString(log),
          text -> text.contains("waited for 00:00:01 in vain: 0 of 1 replicas have sequence"));
      String loaded = session.query("SELECT count(*) FROM dns");
      assertThat(loaded).isNotEqualTo("99900");
      cluster.process("edge").resume();
      assertThat(process.waitFor()).as(Files.readString(log)).isEqualTo(ExitCode.OK);
      assertThat(session.query("SELECT count(*) FROM dns")).isEqualTo("99900");
    }
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    Files.writeString(folder.resolve("a.csv"), "a,1\n");
    Files.writeString(folder.resolve("a.txt"), "a\t1\nb\n");
    wrong(ExitCode.USAGE, "say --header if the first line", "--from=a.csv");
    wrong(ExitCode.USAGE, "the format of a.txt cannot be told", "--from=a.txt");
    wrong(ExitCode.USAGE, "there is no filter \"up\"", "--from=a.csv", "--key={1|up}");
    wrong(
        ExitCode.USAGE,
        "--max-rejects is a number",
        "--from=a.csv",
        "--no-header",
        "--max-rejects=x");
    wrong(ExitCode.USAGE, "Missing required option: '--from", "--format=tsv");
    wrong(ExitCode.FAILURE, "missing.tsv: there is no such file", "--from=missing.tsv");
    wrong(
        ExitCode.FAILURE,
        "stopped, since there are more rejects than --max-rejects 0 allows",
        "--from=a.txt",
        "--format=tsv");
  }

  @Test
  void replacesAllWhenItIsToldTo() throws Exception {
    session.execute("INSERT INTO dns VALUES ('a', '1'), ('b', '2')");
    Files.writeString(folder.resolve("a.tsv"), "a\t1\nc\t3\n");
    wrong(ExitCode.USAGE, "say --yes", "--from=a.tsv", "--mode=replace-all");
    wrong(ExitCode.USAGE, "say --yes", "--from=-", "--format=tsv", "--mode=replace-all");
    Ended plan = run(load("--from=a.tsv", "--mode=replace-all", "--dry-run"));
    assertThat(plan.output())
        .contains("1 to be loaded + 1 unchanged", "1 pairs of the database to be deleted");
    Ended ended =
        run(load("--from=a.tsv", "--mode=replace-all", "--yes", "--summary=summary.json"));
    assertThat(ended.exitCode()).as(ended.output()).isEqualTo(ExitCode.OK);
    assertThat(ended.output()).contains("1 pairs of the database deleted");
    assertThat(session.query("SELECT string_agg(key || value, ' ' ORDER BY key) FROM dns"))
        .isEqualTo("a1 c3");
    JsonNode summary = Json.MAPPER.readTree(Files.readString(folder.resolve("summary.json")));
    assertThat(summary.path("deleted").asLong()).isOne();
  }

  @Test
  void loadsWhatAKyotoTycoonHasDumped() throws Exception {
    String never = "ffffffffff";
    String moment = "0069f495c0"; // 2026-05-01T12:00:00Z
    String records =
        timed("a", never + "31") + timed("b", moment + "32") + timed("c", never + "00");
    byte[] dump = HexFormat.of().parseHex("4b4353530a00" + records + timed("d", "") + "ff");
    Files.write(folder.resolve("dns.kcss"), dump);
    wrong(ExitCode.FAILURE, "dns.kcss: record 1: the value begins like one", "--from=dns.kcss");
    wrong(ExitCode.USAGE, "--expiry is none or a time", "--from=dns.kcss", "--expiry=2026-05-01");
    wrong(ExitCode.USAGE, "{1} is the key", "--from=dns.kcss", "--key={key}");
    wrong(ExitCode.USAGE, "--encoding is for text", "--from=dns.kcss", "--encoding=UTF-8");
    wrong(ExitCode.USAGE, "--expiry is for Kyoto's", "--from=dns.tsv", "--expiry=none");
    wrong(ExitCode.USAGE, "kctreemgr dump makes a .kcss", "--from=dns.kct");
    Ended ended =
        run(load("--from=dns.kcss", "--expiry=2026-05-01T14:00:01+02:00", "--max-rejects=2"));
    assertThat(ended.exitCode()).as(ended.output()).isEqualTo(ExitCode.OK);
    assertThat(ended.output())
        .contains("3 records read = 1 loaded + 0 unchanged + 2 rejected")
        .contains("1 records of the sources had expired and are left out; 0 expire later");
    Path rejects = folder.resolve("dns-rejects.kyoto-hex");
    String written = Files.readString(rejects);
    assertThat(written)
        .contains("#! dns.kcss, record 3, byte 26: the value has a NUL character")
        .contains("\n63\t00\n")
        .contains("#! dns.kcss, record 4, byte 36: its value has no expiration time");
    Files.delete(rejects);
    Files.writeString(
        folder.resolve("mended.kyoto-hex"), written.replace("\n63\t00\n", "\n63\t33\n"));
    Ended mended = run(load("--from=mended.kyoto-hex", "--expiry=none"));
    assertThat(mended.output()).contains("2 records read = 2 loaded");
    assertThat(session.query("SELECT string_agg(key || '=' || value, ' ' ORDER BY key) FROM dns"))
        .isEqualTo("a=1 c=3 d=");
  }

  /** A record of a Kyoto Cabinet's snapshot. */
  private static String timed(String letter, String value) {
    return "0001%02x%02x%s".formatted(value.length() / 2, (int) letter.charAt(0), value);
  }

  private void wrong(int exitCode, String saying, String... words) throws Exception {
    Ended ended = run(load(words));
    assertThat(ended.output()).contains(saying).doesNotContain("\tat ");
    assertThat(ended.exitCode()).as(ended.output()).isEqualTo(exitCode);
  }
}
