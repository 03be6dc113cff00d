package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.fixtures.JavaCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Told is a socket as systemd has it; Java cannot receive datagrams there, Python can. */
class ServiceManagerTest {
  private static final Path PYTHON = Path.of("/usr/bin/python3");
  private static final String RECEIVER =
      """
      import socket, sys
      path = sys.argv[1]
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind('\\0' + path[1:] if path[0] == '@' else path)
      s.settimeout(60)
      print('bound', flush=True)
      for i in range(2):
          print(s.recv(100).decode(), flush=True)
      """;

  @TempDir private Path folder;

  /** The process: a node in short. */
  public static void main(String[] arguments) throws IOException {
    try (ProcessFile file = ProcessFile.claim(Path.of(arguments[0]), "replica");
        Lifecycle _ = new Lifecycle()) {
      file.publish(new ProcessFile.Content("replica", ProcessHandle.current().pid(), Map.of()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"notify", "@quicksilver-test-"})
  void systemdIsToldWhenAProcessIsReadyAndWhenItStops(String name) throws Exception {
    assumeTrue(Files.isExecutable(PYTHON), "skipped: this machine has no python3");
    String socket =
        name.startsWith("@")
            ? name + ProcessHandle.current().pid()
            : folder.resolve(name).toString();
    Process receiver =
        new ProcessBuilder(PYTHON.toString(), "-c", RECEIVER, socket)
            .redirectErrorStream(true)
            .start();
    try (var said = receiver.inputReader(StandardCharsets.US_ASCII)) {
      assertThat(said.readLine()).isEqualTo("bound");
      assertThat(run(socket)).isEmpty();
      assertThat(said.readLine()).isEqualTo("READY=1");
      assertThat(said.readLine()).isEqualTo("STOPPING=1");
    } finally {
      receiver.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
    }
  }

  @Test
  void whoCannotBeToldIsNamedAndNothingElseHappens() throws Exception {
    assertThat(run(folder.resolve("nobody").toString()))
        .contains("nobody receives at " + folder.resolve("nobody"));
    assertThat(run("x".repeat(200))).contains("names no socket");
  }

  private String run(String socket) throws IOException, InterruptedException {
    List<String> command =
        JavaCommand.of(
            ServiceManagerTest.class,
            List.of("--enable-native-access=ALL-UNNAMED"),
            List.of(folder.resolve("data").toString()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("NOTIFY_SOCKET", socket);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
