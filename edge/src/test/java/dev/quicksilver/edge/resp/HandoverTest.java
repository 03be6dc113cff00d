package dev.quicksilver.edge.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.edge.Writer;
import dev.quicksilver.edge.access.ScramVerifier;
import dev.quicksilver.edge.handover.HandoverChannel;
import dev.quicksilver.edge.handover.Message;
import dev.quicksilver.fixtures.Await;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What clients see while one process takes the place of another. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "sockets are handed over on Linux only")
final class HandoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir private Path data;
  private Writer writer;
  private ServerProcess server;
  private final List<TestClient> clients = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    writer = Writer.start(data);
    server = ServerProcess.run("start", data, 2, "-");
  }

  @AfterEach
  void stop() throws IOException {
    for (TestClient each : clients) {
      each.close();
    }
    server.close();
    writer.close();
  }

  private TestClient client() throws IOException {
    var made = new TestClient(server.port());
    clients.add(made);
    return made;
  }

  private void replace(int threads) throws Exception {
    ServerProcess before = server;
    server = ServerProcess.run("take", data, threads, "-");
    before.awaitEnd();
    assertThat(server.port()).isEqualTo(before.port());
  }

  @Test
  void whatAClientHasSaidOfItselfStays() throws Exception {
    writer.write("set a 1");
    TestClient client = client();
    assertThat(client.call("HELLO", "3", "SETNAME", "me")).isInstanceOf(Map.class);
    assertThat(client.call("SELECT", "edge")).isEqualTo("OK");
    assertThat(client.call("CLIENT", "SETINFO", "LIB-NAME", "mine")).isEqualTo("OK");
    assertThat(client.call("QUICKSILVER", "MAXAGE", "5000")).isEqualTo("OK");
    Object id = client.call("CLIENT", "ID");
    String info = String.valueOf(client.call("CLIENT", "INFO"));
    replace(1);
    assertThat(client.call("CLIENT", "GETNAME")).isEqualTo("me");
    assertThat(client.call("CLIENT", "ID")).isEqualTo(id);
    assertThat(String.valueOf(client.call("CLIENT", "INFO")).replaceAll("age=\\d+", "age"))
        .isEqualTo(info.replaceAll("age=\\d+", "age"));
    assertThat(client.call("GET", "a"))
        .isInstanceOfSatisfying(
            TestClient.Failed.class, stale -> assertThat(stale.message()).startsWith("STALE"));
    assertThat(client.call("QUICKSILVER", "MAXAGE", "OFF")).isEqualTo("OK");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    assertThat(client.call("QUICKSILVER", "GET", "a")).isInstanceOf(Map.class); // RESP 3
    assertThat((Long) client().call("CLIENT", "ID")).isGreaterThan((Long) id);
  }

  @Test
  void halfACommandAndHalfAReplyGoOn() throws Exception {
    writer.write("large big 3000000");
    writer.write("set a 1");
    TestClient half = client();
    TestClient slow = client();
    TestClient queued = client();
    half.raw("*2\r\n$3\r\nGET\r\n$1\r");
    slow.send("GET", "big");
    slow.send("GET", "a");
    queued.raw("PING\r\n");
    assertThat(queued.reply()).isEqualTo("PONG"); // all have been read by now, or will be later
    replace(2);
    half.raw("\na\r\n");
    assertThat(half.reply()).isEqualTo("1");
    assertThat(String.valueOf(slow.reply())).hasSize(3_000_000);
    assertThat(slow.reply()).isEqualTo("1");
    assertThat(queued.call("GET", "a")).isEqualTo("1");
  }

  @Test
  void whoWaitsWaitsOn() throws Exception {
    TestClient stream = client();
    TestClient token = client();
    TestClient late = client();
    stream.send("XREAD", "COUNT", "7", "BLOCK", "0", "STREAMS", "edge_log", "$");
    stream.send("PING");
    token.send("QUICKSILVER", "WAIT", "1", "60000");
    late.send("QUICKSILVER", "WAIT", "1000", "1500");
    replace(1);
    replace(2);
    writer.write("set b 2");
    assertThat(stream.reply().toString()).contains("edge_log").contains("b");
    assertThat(stream.reply()).isEqualTo("PONG");
    assertThat(token.reply()).isEqualTo(1L);
    assertThat(late.reply())
        .isInstanceOfSatisfying(
            TestClient.Failed.class, failed -> assertThat(failed.message()).startsWith("TIMEOUT"));
  }

  @Test
  void eachChangeIsToldOnceInOrder() throws Exception {
    writer.write("set before 0");
    List<TestClient> subscribers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      TestClient each = client();
      assertThat(each.call("PSUBSCRIBE", "quicksilver:edge:*")).isNotNull();
      subscribers.add(each);
    }
    int written = 0;
    int[] threads = {1, 3, 2};
    for (int each : threads) {
      for (int i = 0; i < 20; i++) {
        writer.write("set key-" + written++ + " 1");
      }
      replace(each);
    }
    writer.write("set key-" + written++ + " 1");
    for (TestClient each : subscribers) {
      for (int i = 0; i < written; i++) {
        assertThat(each.reply())
            .isEqualTo(
                List.of(
                    "pmessage", "quicksilver:edge:*", "quicksilver:edge:key-" + i, i + 2 + " set"));
      }
    }
  }

  @Test
  void aScanGoesOn() throws Exception {
    Set<Object> wanted = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      writer.write("set key-" + i + " 1");
      wanted.add("key-" + i);
    }
    TestClient client = client();
    List<?> step = (List<?>) client.call("SCAN", "0", "COUNT", "10");
    Set<Object> found = new HashSet<>((List<?>) step.get(1));
    while (!step.getFirst().equals("0")) {
      replace(1);
      step = (List<?>) client.call("SCAN", String.valueOf(step.getFirst()), "COUNT", "15");
      found.addAll((List<?>) step.get(1));
    }
    assertThat(found).isEqualTo(wanted);
  }

  @Test
  void aUnixSocketStaysToo() throws Exception {
    writer.write("set a 1");
    Path socket = ServerProcess.unix(data);
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(socket));
      replace(1);
      assertThat(got(client)).isEqualTo("$1\r\n1\r\n");
    }
    replace(2);
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(socket));
      assertThat(got(client)).isEqualTo("$1\r\n1\r\n");
    }
  }

  private static String got(SocketChannel client) throws IOException {
    var ignored = client.write(ByteBuffer.wrap("GET a\r\n".getBytes()));
    ByteBuffer reply = ByteBuffer.allocate(7);
    while (reply.hasRemaining() && client.read(reply) >= 0) {}
    return new String(reply.array());
  }

  /** Clients that connect, ask and leave all the time, while servers replace each other. */
  @Test
  void noConnectionIsRefusedAndNoReadFails() throws Exception {
    writer.write("set a 1");
    var stopping = new java.util.concurrent.atomic.AtomicBoolean();
    var reads = new java.util.concurrent.atomic.AtomicLong();
    var failure = new java.util.concurrent.atomic.AtomicReference<Exception>();
    int port = server.port();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      boolean stays = i % 2 == 0;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (!stopping.get()) {
                        try (TestClient one = new TestClient(port)) {
                          do {
                            assertThat(one.call("GET", "a")).isEqualTo("1");
                            reads.incrementAndGet();
                          } while (stays && !stopping.get());
                        }
                      }
                    } catch (Exception | AssertionError e) {
                      failure.set(new IOException(e));
                    }
                  }));
    }
    for (int i = 0; i < 5; i++) {
      long before = reads.get();
      replace(1 + i % 3);
      Await.until("reads go on", reads::get, now -> now > before + 100 || failure.get() != null);
    }
    stopping.set(true);
    for (Thread each : threads) {
      each.join();
    }
    assertThat(failure.get()).isNull();
  }

  @Test
  void goesOnIfTheOtherProcessFails() throws Exception {
    writer.write("set a 1");
    TestClient client = client();
    TestClient subscriber = client();
    assertThat(subscriber.call("PSUBSCRIBE", "*")).isNotNull();
    assertThat(client.call("PING")).isEqualTo("PONG");
    for (int messages = 0; messages < 8; messages++) {
      try (HandoverChannel other =
          HandoverChannel.connect(ServerProcess.handover(data), PATIENCE)) {
        other.send(new Message("take over").with("version", 1));
        for (int i = 0; i < messages; i++) {
          HandoverChannel.Received received = other.receive();
          HandoverChannel.discard(List.of(received.descriptor()));
          if (received.message().kind().equals("listeners")) {
            other.send(new Message("clients"));
          }
        }
      }
      writer.write("set key-" + messages + " 1");
      assertThat(client.call("GET", "key-" + messages)).isEqualTo("1");
      assertThat(subscriber.reply().toString()).contains("key-" + messages);
      assertThat(client().call("PING")).isEqualTo("PONG");
    }
    try (HandoverChannel other = HandoverChannel.connect(ServerProcess.handover(data), PATIENCE)) {
      other.send(new Message("who are you"));
      assertThat(other.receive().message().kind()).isEqualTo("refused");
    }
    try (HandoverChannel other = HandoverChannel.connect(ServerProcess.handover(data), PATIENCE)) {
      other.send(new Message("take over").with("version", "no number"));
      assertThatThrownBy(other::receive).isInstanceOf(IOException.class);
    }
    assertThat(client.call("GET", "a")).isEqualTo("1");
    replace(1);
    assertThat(client.call("GET", "a")).isEqualTo("1");
  }

  /** The old process ends long after the new one has bound the places that it has left. */
  @Test
  void theOldProcessRemovesNothingOfTheNewOne() throws Exception {
    for (int i = 0; i < 3; i++) {
      replace(1);
      assertThat(ServerProcess.handover(data)).exists();
      assertThat(ServerProcess.unix(data)).exists();
    }
  }

  @Test
  void aSocketFileThatIsGoneIsMadeAgain() throws Exception {
    Files.delete(ServerProcess.unix(data));
    replace(1);
    writer.write("set a 1");
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(ServerProcess.unix(data)));
      assertThat(got(client)).isEqualTo("$1\r\n1\r\n");
    }
  }

  @Test
  void whoIsNoUserAnyMoreIsClosed() throws Exception {
    String verifier = ScramVerifier.ofPassword("pw").text();
    writer.write("set a 1");
    writer.write("catalog role:ann {\"verifier\":\"" + verifier + "\",\"databases\":[\"edge\"]}");
    server.close();
    server = ServerProcess.run("start", data, 1, "catalog");
    TestClient ann = client();
    assertThat(ann.call("AUTH", "ann", "pw")).isEqualTo("OK");
    assertThat(ann.call("GET", "a")).isEqualTo("1");
    ServerProcess before = server;
    server = ServerProcess.run("take", data, 2, "catalog");
    before.awaitEnd();
    assertThat(ann.call("GET", "a")).isEqualTo("1");
    TestClient nobody = client();
    assertThat(nobody.call("GET", "a"))
        .isInstanceOfSatisfying(
            TestClient.Failed.class, failed -> assertThat(failed.message()).startsWith("NOAUTH"));
    before = server;
    server = ServerProcess.run("take", data, 1, "plain:pw");
    before.awaitEnd();
    ann.send("GET", "a");
    assertThat(ann.isEnded()).isTrue();
    assertThat(nobody.call("AUTH", "plain:pw")).isEqualTo("OK");
    assertThat(nobody.call("GET", "a")).isEqualTo("1");
  }

  @Test
  void whoCannotReadTheDatabasesTakesNothing() throws Exception {
    TestClient client = client();
    Path other = data.resolve("other");
    Files.createDirectories(other);
    Files.createSymbolicLink(ServerProcess.handover(other), ServerProcess.handover(data));
    Process wrong = ServerProcess.begin("take", other, 1, "-"); // it has no database
    assertThat(wrong.waitFor()).isNotZero();
    assertThat(client.call("PING")).isEqualTo("PONG");
    assertThat(client().call("PING")).isEqualTo("PONG");
    replace(1);
    assertThat(client.call("PING")).isEqualTo("PONG");
  }

  @Test
  void aProcessThatCannotStartTakesNothing() throws Exception {
    TestClient client = client();
    Process other = ServerProcess.begin("take", data.resolve("nothing"), 1, "-");
    assertThat(other.waitFor()).isNotZero();
    assertThat(client.call("PING")).isEqualTo("PONG");
    assertThat(server.isAlive()).isTrue();
  }

  @Test
  void whoHasTlsStaysUntilHeLeaves() throws Exception {
    writer.write("set a 1");
    TlsClients.issue(data.resolve("tls"));
    SSLContext context = TlsClients.trusting(data.resolve("tls"));
    server.close();
    server = ServerProcess.run("start", data, 2, "pw");
    TestClient old = secure(context);
    clients.add(old);
    try (ServerProcess before = server) {
      server = ServerProcess.run("take", data, 1, "pw");
      before.awaitGone();
      writer.write("set b 2");
      assertThat(old.call("GET", "b")).isEqualTo("2");
      try (TestClient other = secure(context)) {
        assertThat(other.call("GET", "b")).isEqualTo("2");
        assertThat(before.isAlive()).isTrue();
        old.close();
        before.awaitExit();
        assertThat(other.call("GET", "a")).isEqualTo("1");
      }
    }
  }

  private TestClient secure(SSLContext context) throws IOException {
    var client = new TestClient(TlsClients.connect(context, server.port(), "TLSv1.3"));
    assertThat(client.call("AUTH", "pw")).isEqualTo("OK");
    return client;
  }

  @Test
  void leavesNoFilesBehind() throws Exception {
    replace(1);
    assertThat(ServerProcess.handover(data)).exists();
    server.close();
    server = ServerProcess.run("start", data, 1, "-"); // what was killed has left its sockets
    assertThat(client().call("PING")).isEqualTo("PONG");
    assertThatThrownBy(() -> Takeover.begin(data.resolve("none.sock"), true))
        .isInstanceOf(IOException.class);
    assertThat(Files.exists(data.resolve("none.sock"))).isFalse();
  }
}
