package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.Await;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Garbage on the wire, before and after log-in, from clients that vanish. */
class WireFuzzTest {
  private static final String[] TEXTS = {
    "BEGIN", "SELECT * FROM dns", "DECLARE c CURSOR FOR SELECT key FROM dns", "FETCH 2 FROM c", ""
  };

  @Test
  void survivesGarbageAndLeaksNoReader(@TempDir Path data) throws Exception {
    long seed = Long.getLong("quicksilver.seed", System.nanoTime());
    System.out.println("random messages: -Dquicksilver.seed=" + seed);
    var random = new Random(seed);
    TestReplica.write(
        data, "dns", "text", List.of(Map.entry("a", "1".getBytes(StandardCharsets.UTF_8))));
    try (Bridge bridge = Bridge.start(TestReplica.config(data))) {
      for (int i = Integer.getInteger("quicksilver.clients", 300); i > 0; i--) {
        attack(bridge.port(), random);
      }
      String url = "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/quicksilver?user=analyst";
      try (var connection = DriverManager.getConnection(url);
          var statement = connection.createStatement();
          var result = statement.executeQuery("SELECT value FROM dns")) {
        assertThat(result.next()).isTrue();
        assertThat(result.getString(1)).isEqualTo("1");
      }
      // The bridge had taken all connections before this last one.
      BridgeStatus status =
          Await.until(
              "no connection and no snapshot is left",
              bridge::status,
              now -> now.connections() == 0 && now.oldestSnapshot().isZero());
      assertThat(status.errors()).doesNotContainKey("XX000");
    }
  }

  private static void attack(int port, Random random) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        var out = new DataOutputStream(socket.getOutputStream())) {
      if (random.nextBoolean()) {
        byte[] start = "user\0analyst\0\0".getBytes(StandardCharsets.US_ASCII);
        out.writeInt(start.length + 8);
        out.writeInt(3 << 16);
        out.write(start);
        for (int i = random.nextInt(20); i >= 0; i--) {
          message(out, random);
        }
      } else {
        out.write(bytes(random, 40));
      }
    } catch (IOException e) {
      assertThat(e).as("the bridge may hang up on garbage").isNotNull();
    }
  }

  private static void message(DataOutputStream out, Random random) throws IOException {
    if (random.nextBoolean()) {
      byte[] text = (TEXTS[random.nextInt(TEXTS.length)] + "\0").getBytes(StandardCharsets.UTF_8);
      out.writeByte('Q');
      out.writeInt(4 + text.length);
      out.write(text);
      return;
    }
    byte[] body = bytes(random, 30);
    out.writeByte("QPBDECHSdcfp".charAt(random.nextInt(12)));
    out.writeInt(random.nextInt(8) == 0 ? random.nextInt() : 4 + body.length);
    out.write(body);
  }

  private static byte[] bytes(Random random, int limit) {
    byte[] bytes = new byte[random.nextInt(limit)];
    random.nextBytes(bytes);
    return bytes;
  }
}
