package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What a node says tells the terminal nothing, whoever the node is. */
final class HostileNodeTest {
  /** Clears a screen, in JSON: by an escape sequence, and by C1's one character for it. */
  private static final String CLEAR = "\\u001b[2J\u009b2J\\u0007\\n";

  private static final String STATUS =
      """
      {"role": "root", "node": "a#", "location": "b#", "healthy": false, "problem": "c#",
       "addresses": {"d#": "e#"}, "log_max_bytes": 1, "complete": "f#",
       "slots": [{"standbys": [{"node": "y#", "complete": "z#"}]}],
       "databases": [{"name": "g#", "state": "STREAMING", "upstream": "h#", "content_digest": "i#",
         "storage": {"readers": [{"pid": 1}]}}],
       "upstreams": [{"database": "j#", "address": "k#", "role": "l#", "node": "m#",
         "result": "FAILED", "detail": "n#"}],
       "followers": [{"database": "o#", "node": "p#", "location": "q#"}],
       "subtree": [{"database": "r#", "node": "s#", "location": "t#", "upstream": "u#",
         "state": "STREAMING", "instance": "#", "problem": "v#"}],
       "locations": [{"database": "w#", "location": "x#", "states": {}}]}
      """
          .replace("#", CLEAR);

  private static final String LINES = "0001 SET \u001b[2J\u009b2J\r\n";

  private HttpServer node;

  @BeforeEach
  void startANode() throws IOException {
    node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    answer("/status", 200, STATUS);
    answer("/log", 200, LINES);
    answer("/reload", 200, LINES);
    answer("/switch-over", 200, LINES);
    answer("/copy-anew", 409, LINES);
    node.start();
  }

  private void answer(String path, int status, String text) {
    node.createContext(
        path,
        exchange -> {
          try (exchange) {
            boolean isMore = !"from=7".equals(query(exchange.getRequestURI().getQuery()));
            byte[] body = isMore ? text.getBytes(UTF_8) : new byte[0];
            exchange.getResponseHeaders().set("Quicksilver-Next-Sequence", "7");
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
          }
        });
  }

  /** Returns the part of a query that says from where on a log is asked for. */
  private static String query(String query) {
    for (String part : String.valueOf(query).split("&", -1)) {
      if (part.startsWith("from=")) {
        return part;
      }
    }
    return "";
  }

  @AfterEach
  void stop() {
    node.stop(0);
  }

  private String run(String... arguments) {
    StringWriter said = new StringWriter();
    CommandLine commands = Quicksilver.commandLine();
    commands.setOut(new PrintWriter(said));
    commands.setErr(new PrintWriter(said));
    String[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = "--node=127.0.0.1:" + node.getAddress().getPort();
    assertThat(commands.execute(all)).as(said.toString()).isLessThan(4);
    return said.toString();
  }

  private static void assertHarmless(String said) {
    assertThat(said.chars().filter(c -> Character.isISOControl(c) && c != '\n')).as(said).isEmpty();
  }

  @Test
  void statusAndTopShowQuestionMarks() {
    for (String[] command : new String[][] {{"status"}, {"top", "--once"}}) {
      String said = run(command);
      assertHarmless(said);
      assertThat(said).contains("a?[2J?2J??", "c?[2J", "g?[2J", "s?[2J", "v?[2J");
    }
    assertThat(run("status")).contains("d?[2J", "f?[2J", "k?[2J", "p?[2J", "x?[2J", "z?[2J");
  }

  @Test
  void jsonStaysTheSameJson() throws IOException {
    String said = run("status", "--json");
    assertHarmless(said);
    assertThat(Json.MAPPER.readValue(said, NodeStatus.class))
        .isEqualTo(Json.MAPPER.readValue(STATUS, NodeStatus.class));
  }

  @Test
  void whatElseANodeSaysIsEscaped() {
    for (String command : new String[] {"log dns", "reload", "switch-over", "copy-anew dns"}) {
      String said = run(command.split(" "));
      assertHarmless(said);
      assertThat(said)
          .as(command)
          .containsPattern("0001 SET (\\\\u001b|\\?)\\[2J(\\\\u009b|\\?)2J");
    }
  }

  @Test
  void aLogThatDoesNotSayHowFarItGoesOrNotBeyondItselfEnds() {
    assertThat(run("log", "dns", "--from=9")) // and it says 7
        .contains("does not answer as a node", "Quicksilver-Next-Sequence");
  }

  @Test
  void aRefusalIsALineHoweverLongItIs() {
    node.removeContext("/status");
    answer("/status", 500, "a" + " ".repeat(1 << 20) + "\n".repeat(1 << 20) + "b");
    String said = run("status");
    assertThat(said).contains("says: a").hasSizeLessThan(8192);
    assertThat(said.lines()).hasSize(1);
  }
}
