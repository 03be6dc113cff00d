package dev.quicksilver.cli.top;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.Healths;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code top} in a real pseudo terminal, which {@code script} of util-linux makes. */
final class TopTerminalTest {
  private static final String ENTER = "\u001b[?1049h";
  private static final String LEAVE = "\u001b[?1049l";

  private static final String STATUS =
      """
      {"role": "root", "node": "root-1", "location": "lhr", "healthy": true, "problem": "",
       "databases": [], "subtree": [], "followers": []}
      """;

  @TempDir private Path folder;
  private NodeStatus status;
  private HttpEndpoint node;

  @BeforeEach
  void startANode() throws IOException {
    status = Json.MAPPER.readValue(STATUS, NodeStatus.class);
    node = HttpEndpoint.local(new Endpoint("127.0.0.1", 0), Healths.near(), () -> status);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  /** What was printed, and the terminal's settings before and after. */
  private record Terminal(Process process, Path printed, Path folder) {
    void type(String keys) throws IOException {
      OutputStream to = process.getOutputStream();
      to.write(keys.getBytes(UTF_8));
      to.flush();
    }

    void awaitPrinted(String text) throws Exception {
      Await.until(text, this::text, printed -> printed.contains(text));
    }

    String text() throws IOException {
      return Files.readString(printed, ISO_8859_1);
    }

    String file(String name) throws IOException {
      return Files.readString(folder.resolve(name));
    }

    void awaitEnd() throws Exception {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended: %s", text()).isTrue();
    }
  }

  private Terminal start(String address) throws IOException {
    return start(address, "");
  }

  /**
   * Starts it in a terminal of 100 columns and 30 lines.
   *
   * @param then what the shell does when it has ended, or was stopped
   */
  private Terminal start(String address, String then) throws IOException {
    String top =
        String.join(
            " ",
            JavaCommand.of(Quicksilver.class, List.of(), List.of("top", "--node=" + address))
                .stream()
                .map(word -> "'" + word + "'")
                .toList());
    Path commands =
        Files.writeString(
            folder.resolve("commands"),
            """
            cd '%s'
            trap : INT # the interrupt goes to all in the terminal
            stty rows 30 cols 100
            stty -a > before
            %s
            sh -c 'echo $$ > pid; exec "$@"' top %s
            %s
            echo $? > code
            stty -a > after
            """
                .formatted(folder, then.isEmpty() ? "" : "set -m # jobs", top, then));
    Path printed = Files.createFile(folder.resolve("printed"));
    ProcessBuilder builder =
        // What is started in the background of a shell ignores interrupts, and so do its children.
        new ProcessBuilder(
                "env", "--default-signal=INT", "script", "-qec", "sh " + commands, "/dev/null")
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile());
    builder.environment().putAll(Map.of("TERM", "xterm-256color", "LC_ALL", "C.UTF-8"));
    if (!Files.isExecutable(Path.of("/usr/bin/script"))) {
      String why = "left out, since there is no script: apt-get install bsdutils";
      System.out.println("TopTerminalTest: " + why);
      return abort(why);
    }
    return new Terminal(builder.start(), printed, folder);
  }

  @Test
  void drawsReactsToKeysAndLeavesTheTerminalAsItWas() throws Exception {
    Terminal terminal = start(node.address());
    terminal.awaitPrinted("root root-1 in lhr at " + node.address());
    assertThat(terminal.text()).contains(ENTER, "q quit").doesNotContain(LEAVE);
    node.close();
    terminal.awaitPrinted("NO ANSWER");
    assertThat(terminal.text()).contains("since 20");
    terminal.type("\u001b[6~n"); // no key that ends it
    terminal.type("q");
    terminal.awaitEnd();
    assertThat(terminal.file("code")).isEqualTo("0\n");
    assertLeft(terminal);
  }

  @Test
  void aSignalLeavesTheTerminalAsItWas() throws Exception {
    Terminal terminal = start(node.address());
    terminal.awaitPrinted("q quit");
    long pid = Long.parseLong(terminal.file("pid").strip());
    ProcessHandle.of(pid).orElseThrow().destroy(); // SIGTERM
    terminal.awaitEnd();
    assertThat(terminal.file("code")).isEqualTo("143\n");
    assertLeft(terminal);
  }

  @Test
  void aKeyForAnInterruptEndsIt() throws Exception {
    Terminal terminal = start(node.address());
    terminal.awaitPrinted("q quit");
    terminal.type("\u0003");
    terminal.awaitEnd();
    assertThat(terminal.file("code")).isEqualTo("0\n");
    assertLeft(terminal);
  }

  @Test
  void stoppedItLeavesTheTerminalToTheShellAndThenGoesOn() throws Exception {
    Terminal terminal =
        start(node.address(), "echo $? > stopped; stty -a > between; echo by the shell; fg");
    terminal.awaitPrinted("q quit");
    terminal.type("\u001a"); // Ctrl-Z
    terminal.awaitPrinted("by the shell");
    Await.until(
        "drawn again",
        terminal::text,
        text -> text.lastIndexOf("q quit") > text.lastIndexOf("by the shell"));
    assertThat(terminal.file("stopped")).isEqualTo("148\n"); // 128 and SIGTSTP
    assertThat(terminal.file("between")).isEqualTo(terminal.file("before"));
    String text = terminal.text();
    String stopped = text.substring(0, text.indexOf("by the shell"));
    assertThat(stopped.lastIndexOf(LEAVE)).isGreaterThan(stopped.lastIndexOf("q quit"));
    assertThat(text.lastIndexOf(ENTER)).isGreaterThan(stopped.length());
    terminal.type("q");
    terminal.awaitEnd();
    assertThat(terminal.file("code")).isEqualTo("0\n");
    assertLeft(terminal);
  }

  @Test
  void aLineThatFillsTheScreenKeepsItsLastCharacter() throws Exception {
    Terminal terminal = start(node.address());
    terminal.awaitPrinted("q quit");
    terminal.type("q");
    terminal.awaitEnd();
    assertThat(terminal.text()).contains("\u001b[K\u001b[7mq quit");
    String afterTheKeys = terminal.text().substring(terminal.text().lastIndexOf("q quit"));
    assertThat(afterTheKeys).doesNotContain("\u001b[K");
  }

  private static void assertLeft(Terminal terminal) throws IOException {
    assertThat(terminal.file("after")).isEqualTo(terminal.file("before")).contains("icanon");
    assertThat(terminal.text().lastIndexOf(LEAVE))
        .isGreaterThan(terminal.text().lastIndexOf("q quit"));
    assertThat(terminal.text().lastIndexOf("\u001b[?25h")).isPositive();
    String left = terminal.text().substring(terminal.text().lastIndexOf(LEAVE));
    assertThat(left).as("drawn after it").doesNotContain("q quit", "\u001b[K");
  }

  @Test
  void withoutATerminalItPrintsOnceAndEnds() throws Exception {
    ProcessBuilder builder =
        JavaCommand.process(
                Quicksilver.class, List.of(), List.of("top", "--node=" + node.address()))
            .redirectErrorStream(true);
    Process process = builder.start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(printed)
        .startsWith("root root-1 in lhr at " + node.address())
        .contains("no node has reported to this one")
        .doesNotContain("\u001b");
  }
}
