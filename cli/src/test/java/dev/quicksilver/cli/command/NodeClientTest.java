package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.quicksilver.cli.process.CommandException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node that says more than a command can hold. */
final class NodeClientTest {
  private static final int MIB = 1 << 20;

  private HttpServer node;
  private String address;

  @BeforeEach
  void startANode() throws Exception {
    node = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    address = "127.0.0.1:" + node.getAddress().getPort();
    node.createContext(
        "/status",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, 0); // chunks, of which nobody knows how many come
            exchange.getResponseBody().write(new byte[3 * MIB]);
          }
        });
    node.start();
  }

  @AfterEach
  void stop() {
    node.stop(0);
  }

  @Test
  void anAnswerThatFitsIsTaken() {
    assertThat(new NodeClient(address, 3 * MIB).get("/status", Map.of()).body()).hasSize(3 * MIB);
    assertThat(new NodeClient(address).get("/status", Map.of()).body()).hasSize(3 * MIB);
  }

  @Test
  void aLargerOneIsRefusedWithWhatToDo() {
    NodeClient client = new NodeClient(address, 3 * MIB - 1);
    assertThatThrownBy(() -> client.get("/status", Map.of()))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining(
            "the answer of the node at " + address + " to /status has more than 2 MiB")
        .hasMessageContaining("QUICKSILVER_JAVA_OPTS=-Xmx2g");
  }
}
