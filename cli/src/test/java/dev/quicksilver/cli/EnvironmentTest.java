package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A time zone that PostgreSQL does not know, and a language whose digits are not ASCII ones: no
 * effect on anything that a machine reads.
 */
@Execution(ExecutionMode.CONCURRENT)
final class EnvironmentTest {
  /** India's zone, as Java calls it too; PostgreSQL has no zone of this name. */
  private static final Map<String, String> ZONE = Map.of("TZ", "IST");

  /** Egypt's Arabic, whose numbers Java writes with Arabic digits. */
  private static final List<String> LANGUAGE = List.of("-Duser.language=ar", "-Duser.country=EG");

  private static final ProcessOptions OPTIONS =
      TestCluster.OPTIONS.withJvm(LANGUAGE).withEnvironment(ZONE);

  @TempDir private Path folder;

  private static String run(Cluster cluster, String... arguments) throws Exception {
    Ended ended = cluster.run(arguments);
    assertThat(ended.exitCode()).as(ended.output()).isZero();
    return ended.output();
  }

  @Test
  void whatMachinesReadHasAsciiDigitsAndUtc() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Cluster cluster = TestCluster.in(folder, OPTIONS)) {
      cluster.usePostgres(CentralPostgres.of(postgres));
      cluster.start(NodeSpec.root("root").with(Settings.LOG_FORMAT, "json"));
      cluster.start(NodeSpec.bridge("bridge", "root"));
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("SELECT quicksilver.create_database('dns')");
        statement.execute("INSERT INTO dns SELECT i, 'v' || i FROM generate_series(1, 1234) i");
        statement.execute("SELECT quicksilver.wait_sequenced('60s')");
      }
      String data = "--data-directory=" + cluster.data("root");
      Path copy = folder.resolve("copy");
      List<String> printed = new ArrayList<>();
      printed.add(run(cluster, "status", data));
      printed.add(run(cluster, "status", "--json", data));
      printed.add(run(cluster, "log", "dns", data));
      printed.add(run(cluster, "get", "dns", "7", data));
      printed.add(run(cluster, "verify", "dns", data));
      printed.add(run(cluster, "snapshot", "dns", copy.toString(), data));
      printed.add(cluster.process("root").output());
      printed.add(cluster.process("bridge").output());
      assertThat(printed).noneMatch(String::isEmpty).allMatch(EnvironmentTest::hasNoOtherDigits);
      assertThat(printed.get(0)).contains(" 1234 ");
      assertThat(printed.get(2)).contains("\n0010 SET \"10\" \"v10\"\n");
    }
    logIsJson(folder.resolve("logs/root.log"));
    assertThat(Files.readAllLines(folder.resolve("logs/bridge.log")))
        .allMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z (INFO|WARN) .*"));
  }

  private static boolean hasNoOtherDigits(String text) {
    return text.chars().noneMatch(c -> Character.isDigit(c) && c > '9');
  }

  /** Each line is one object, with the message as a reader would see it and a time in UTC. */
  private static void logIsJson(Path log) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      lines.add(mapper.readTree(line));
    }
    assertThat(lines)
        .allSatisfy(
            line -> {
              String time = line.path("timestamp").asText();
              assertThat(time).endsWith("Z");
              assertThat(Instant.parse(time)).isBetween(Instant.EPOCH, Instant.now());
              assertThat(line.path("message").asText()).isNotEmpty().doesNotContain("{}");
              assertThat(line.path("level").asText()).isIn("INFO", "WARN", "ERROR");
            })
        .anySatisfy(
            line ->
                assertThat(line.path("message").asText()).contains("root is ready: {replication="));
  }
}
