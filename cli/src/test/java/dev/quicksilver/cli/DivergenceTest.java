package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Position;
import dev.quicksilver.storage.StorageOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A replica, as a process, whose upstream contradicts what it has. */
@Execution(ExecutionMode.CONCURRENT)
final class DivergenceTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(1L << 30).withoutDurability();
  private static final UUID CATALOG = new UUID(7, 7);
  private static final UUID DNS = new UUID(1, 2);

  @TempDir private Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private Path data;
  private DatabaseSet source;
  private ReplicationServer server;
  private LyingProxy proxy;
  private Process replica;
  private long lsn;

  private record Ended(int exitCode, String output, String errors) {}

  @BeforeEach
  void startASource() throws IOException {
    data = folder.resolve("replica");
    source = DatabaseSet.open(folder.resolve("source"), OPTIONS);
    Database catalog =
        source.create(new DatabaseIdentity(CATALOG, DatabaseSet.CATALOG, "text", "jsonb"));
    set(
        catalog,
        "dns",
        "{\"id\":\"" + DNS + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}");
    set(source.create(new DatabaseIdentity(DNS, "dns", "text", "text")), "a", "1");
    server = ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("source", "test"));
    proxy = new LyingProxy(server.port(), 2);
  }

  @AfterEach
  void stop() throws Exception {
    if (replica != null) {
      replica.destroyForcibly().waitFor();
    }
    http.close();
    proxy.close();
    server.close();
    source.close();
  }

  private void set(Database database, String key, String value) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn);
      appender.set(key.getBytes(UTF_8), value.getBytes(UTF_8));
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private Process process(List<String> words) throws IOException {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of("--data-directory", data.toString(), "--data-map-size", "1024"));
    return new ProcessBuilder(
            JavaCommand.of(Quicksilver.class, List.of("-Xmx128m"), List.copyOf(all)))
        .redirectOutput(folder.resolve(words.getFirst() + "-output").toFile())
        .redirectError(folder.resolve(words.getFirst() + "-errors").toFile())
        .start();
  }

  private Ended run(String... words) throws Exception {
    int exitCode = process(List.of(words)).waitFor();
    return new Ended(
        exitCode,
        Files.readString(folder.resolve(words[0] + "-output")),
        Files.readString(folder.resolve(words[0] + "-errors")));
  }

  private void startReplica(String onDivergence) throws Exception {
    replica =
        process(
            List.of(
                "replica",
                "--node-name=edge",
                "--replication-listen=127.0.0.1:0",
                "--replication-upstreams=127.0.0.1:" + proxy.port(),
                "--replication-on-divergence=" + onDivergence));
    await("database dns has entries", dns -> dns.sequence() > 0);
  }

  /** Waits for what the replica says of the database; it says nothing while it starts. */
  private void await(String what, Predicate<NodeStatus.DatabaseReport> condition) throws Exception {
    Await.until(
        what,
        () -> {
          assertThat(replica.isAlive()).as("the replica runs: %s", errors()).isTrue();
          return said();
        },
        said -> said.filter(condition).isPresent());
  }

  private void awaitStreaming() throws Exception {
    await(
        "the replica streams and is at sequence 2",
        dns -> dns.state().equals("STREAMING") && dns.sequence() == 2);
  }

  private Optional<NodeStatus.DatabaseReport> said() throws InterruptedException {
    try {
      return Optional.of(database());
    } catch (IOException | NoSuchElementException e) {
      return Optional.empty();
    }
  }

  private void stopReplica() throws InterruptedException {
    replica.destroy();
    assertThat(replica.waitFor(Await.LIMIT)).as("the replica ends when it is told to").isTrue();
  }

  private String errors() throws IOException {
    return Files.readString(folder.resolve("replica-errors"));
  }

  private String ask(String path) throws IOException, InterruptedException {
    String address = ProcessFile.read(data, "node").orElseThrow().addresses().get("http");
    return http.send(
            HttpRequest.newBuilder(URI.create("http://" + address + path)).build(),
            BodyHandlers.ofString())
        .body();
  }

  private NodeStatus status() throws JsonProcessingException, IOException, InterruptedException {
    return Json.MAPPER.readValue(ask("/status"), NodeStatus.class);
  }

  private NodeStatus.DatabaseReport database() throws IOException, InterruptedException {
    return status().databases().stream()
        .filter(report -> report.name().equals("dns"))
        .findFirst()
        .orElseThrow();
  }

  private void diverge() throws Exception {
    set(source.get("dns").orElseThrow(), "a", "2");
    await("the replica has noticed", dns -> dns.state().equals("DIVERGED"));
  }

  @Test
  void goesOnServingReadsAndSaysSoUntilItIsToldToCopy() throws Exception {
    startReplica("serve");
    diverge();
    assertThat(status().healthy()).isFalse();
    assertThat(status().problem()).contains("dns is DIVERGED", "copy-anew dns");
    assertThat(ask("/healthz")).contains("DIVERGED");
    assertThat(ask("/metrics")).contains("quicksilver_diverged{database=\"dns\"} 1.0");
    assertThat(run("get", "dns", "a").output()).isEqualTo("1\n");
    assertThat(ask("/get?database=dns&key=a")).isEqualTo("1");

    assertThat(run("copy-anew", "nothing")).extracting(Ended::exitCode).isEqualTo(4);
    proxy.repent();
    Ended told = run("copy-anew", "dns");
    assertThat(told.exitCode()).as("%s", told).isZero();
    assertThat(told.output()).contains("dns is being copied anew");
    awaitStreaming();
    assertThat(run("get", "dns", "a").output()).isEqualTo("2\n");
    assertThat(ask("/metrics")).contains("quicksilver_diverged{database=\"dns\"} 0.0");
  }

  @Test
  void refusesReadsOrCopiesByItselfWhenSoConfigured() throws Exception {
    startReplica("stop-serving");
    diverge();
    Ended refused = run("get", "dns", "a");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(refused.errors()).contains("\"dns\" is not served here", "diverged");
    assertThat(ask("/get?database=dns&key=a")).contains("\"dns\" is not served here");
    stopReplica();

    startReplica("copy");
    awaitStreaming();
    assertThat(run("get", "dns", "a").output()).isEqualTo("2\n");
  }

  @Test
  void aStoppedReplicaThatIsToldToCopyDoesSoWhenItStarts() throws Exception {
    startReplica("serve");
    diverge();
    stopReplica();
    proxy.repent();
    Ended told = run("copy-anew", "dns");
    assertThat(told.exitCode()).as("%s", told).isZero();
    assertThat(told.output()).contains("when it is started");
    startReplica("serve");
    await("a new copy is in use", dns -> dns.sequence() == 2 && dns.oldestSequence() > 1);
  }
}
