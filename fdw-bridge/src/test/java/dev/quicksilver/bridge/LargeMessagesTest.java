package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.wire.WireConnection;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages and statements that are large for the heap that a bridge has. */
class LargeMessagesTest {
  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void write() throws Exception {
    data = folder.resolve("data");
    TestReplica.write(
        data, "dns", "text", List.of(Map.entry("a", "1".getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void longListsAreEvaluated() throws Exception {
    try (Bridge bridge = Bridge.start(TestReplica.config(data));
        WireConnection connection = WireConnection.tcp(bridge.port(), "analyst", "quicksilver")) {
      String list = "'b',".repeat(40_000) + "'a'";
      String query = "SELECT value FROM dns WHERE key IN (" + list + ")";
      assertThat(connection.require(query).rows()).isEqualTo(List.of(List.of("1")));
      assertThat(connection.extended(query, List.of()).rows()).isEqualTo(List.of(List.of("1")));
      assertThat(connection.require("BEGIN; " + query + "; COMMIT").status()).isEqualTo('I');
      assertThat(connection.require("BEGIN; " + query).status()).isEqualTo('T');
      assertThat(connection.require("SELECT value FROM dns; ROLLBACK").status()).isEqualTo('I');
    }
  }

  @Test
  void endNothingButTheirOwnConnection() throws Exception {
    try (BridgeProcess bridge = BridgeProcess.start(data, folder, "-Xmx128m")) {
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        char type = "QPBd".charAt(i % 4);
        int length = (i % 2 == 0 ? 7 : 60) << 20;
        clients.add(Thread.ofPlatform().start(() -> send(bridge.port(), type, length)));
      }
      for (Thread client : clients) {
        client.join();
      }
      try (var connection = bridge.connect();
          var statement = connection.createStatement();
          var rows = statement.executeQuery("SELECT value FROM dns")) {
        assertThat(rows.next()).isTrue();
      }
    }
  }

  private static void send(int port, char type, int length) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        var out = new DataOutputStream(socket.getOutputStream())) {
      byte[] start = "user\0analyst\0\0".getBytes(StandardCharsets.US_ASCII);
      out.writeInt(start.length + 8);
      out.writeInt(3 << 16);
      out.write(start);
      out.writeByte(type);
      out.writeInt(4 + length);
      byte[] part = new byte[1 << 20];
      Arrays.fill(part, (byte) ',');
      for (int sent = 0; sent < length; sent += part.length) {
        out.write(part);
      }
      socket.setSoTimeout(2000);
      socket.getInputStream().skip(Long.MAX_VALUE);
    } catch (IOException e) {
      assertThat(e).as("the bridge may hang up").isNotNull();
    }
  }
}
