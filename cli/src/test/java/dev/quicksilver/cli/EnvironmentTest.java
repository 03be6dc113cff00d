package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.fixtures.JavaCommand;
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
  private static final List<String> LANGUAGE =
      List.of("-Xmx128m", "-Duser.language=ar", "-Duser.country=EG");

  @TempDir private Path folder;

  private String run(int exitCode, String... arguments) throws Exception {
    ProcessBuilder builder = JavaCommand.process(Quicksilver.class, LANGUAGE, List.of(arguments));
    builder.environment().putAll(ZONE);
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(printed).isEqualTo(exitCode);
    return printed;
  }

  @Test
  void whatMachinesReadHasAsciiDigitsAndUtc() throws Exception {
    Path root = folder.resolve("root");
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        NodeProcesses nodes = new NodeProcesses(folder).with(ZONE, LANGUAGE)) {
      nodes.start(
          "root",
          "root",
          "--log-format=json",
          "--postgres-url=" + postgres.jdbcUrl(),
          "--postgres-user=" + postgres.user(),
          "--postgres-password=" + postgres.password());
      nodes.startBridge("bridge", "root");
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("SELECT quicksilver.create_database('dns')");
        statement.execute("INSERT INTO dns SELECT i, 'v' || i FROM generate_series(1, 1234) i");
        statement.execute("SELECT quicksilver.wait_sequenced('60s')");
      }
      String data = "--data-directory=" + root;
      Path copy = folder.resolve("copy");
      List<String> printed = new ArrayList<>();
      printed.add(run(0, "status", data));
      printed.add(run(0, "status", "--json", data));
      printed.add(run(0, "log", "dns", data));
      printed.add(run(0, "get", "dns", "7", data));
      printed.add(run(0, "verify", "dns", data));
      printed.add(run(0, "snapshot", "dns", copy.toString(), data));
      printed.add(Files.readString(folder.resolve("root-errors")));
      printed.add(Files.readString(folder.resolve("bridge-errors")));
      assertThat(printed).noneMatch(String::isEmpty).allMatch(EnvironmentTest::hasNoOtherDigits);
      assertThat(printed.get(0)).contains(" 1234 ");
      assertThat(printed.get(2)).contains("\n0010 SET \"10\" \"v10\"\n");
    }
    logIsJson(folder.resolve("root-errors"));
    assertThat(Files.readAllLines(folder.resolve("bridge-errors")))
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
