package dev.quicksilver.edge.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.edge.Writer;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.edge.access.ScramVerifier;
import dev.quicksilver.edge.resp.TestClient.Failed;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.net.Socket;
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
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients see of a database that another process writes. */
final class RespServerTest {
  @TempDir private Path data;
  private Writer writer;
  private RespServer server;
  private TestClient client;

  @BeforeEach
  void start() throws IOException {
    writer = Writer.start(data);
    serve(config());
  }

  private RespConfig config() {
    return with(List.of(), Duration.ZERO, Optional.empty(), false, 100, Optional.empty());
  }

  private RespConfig with(
      List<String> numbered,
      Duration mostAge,
      Optional<Credentials> credentials,
      boolean catalogUsers,
      int connections,
      Optional<Path> unix) {
    return new RespConfig(
        "127.0.0.1",
        0,
        unix,
        data,
        2,
        connections,
        32 << 20,
        numbered,
        mostAge,
        credentials,
        catalogUsers,
        Optional.empty(),
        StorageOptions.DEFAULT.withMapSize(64L << 20),
        "test");
  }

  private void serve(RespConfig config) throws IOException {
    if (server != null) {
      client.close();
      server.close();
    }
    server = RespServer.start(config);
    client = new TestClient(server.port());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
    writer.close();
  }

  private List<?> list(String... words) throws IOException {
    return (List<?>) client.call(words);
  }

  private Map<?, ?> map(String... words) throws IOException {
    return (Map<?, ?>) client.call(words);
  }

  private static List<String> fields(List<?> entries, int index) {
    List<?> entry = (List<?>) entries.get(index);
    return ((List<?>) entry.get(1)).stream().map(String::valueOf).toList();
  }

  private void refused(String begins, String... words) throws IOException {
    refused(client, begins, words);
  }

  private static void refused(TestClient by, String begins, String... words) throws IOException {
    assertThat(by.call(words))
        .isInstanceOfSatisfying(
            Failed.class, failed -> assertThat(failed.message()).startsWith(begins));
  }

  // ---- reads

  @Test
  void readsWhatTheOtherProcessHasCommitted() throws IOException {
    assertThat(client.call("GET", "hello")).isNull();
    writer.write("set hello world");
    assertThat(client.call("GET", "hello")).isEqualTo("world");
    assertThat(client.call("get", "hello")).isEqualTo("world");
    assertThat(client.call("MGET", "hello", "none", "hello"))
        .isEqualTo(java.util.Arrays.asList("world", null, "world"));
    assertThat(client.call("EXISTS", "hello", "hello", "none")).isEqualTo(2L);
    assertThat(client.call("STRLEN", "hello")).isEqualTo(5L);
    assertThat(client.call("TYPE", "hello")).isEqualTo("string");
    assertThat(client.call("TYPE", "none")).isEqualTo("none");
    assertThat(client.call("TTL", "hello")).isEqualTo(-1L);
    assertThat(client.call("TTL", "none")).isEqualTo(-2L);
    assertThat(client.call("DBSIZE")).isEqualTo(1L);
    assertThat(client.call("GETRANGE", "hello", "1", "-2")).isEqualTo("orl");
    assertThat(client.call("GETRANGE", "hello", "-100", "-100")).isEqualTo("w");
    assertThat(client.call("GETRANGE", "hello", "3", "1")).isEqualTo("");
    writer.write("delete hello");
    assertThat(client.call("GET", "hello")).isNull();
  }

  @Test
  void keysThatCannotBeAreNotThere() throws IOException {
    assertThat(client.call("GET", "")).isNull();
    assertThat(client.call("GET", "x".repeat(512))).isNull();
    assertThat(client.call("EXISTS", "x".repeat(100_000))).isEqualTo(0L);
  }

  @Test
  void largeValuesComeWhole() throws IOException {
    writer.write("large big 5000000");
    Object value = client.call("GET", "big");
    assertThat(value).isEqualTo(letters(5_000_000));
    assertThat(client.call("STRLEN", "big")).isEqualTo(5_000_000L);
    assertThat(client.call("GETRANGE", "big", "4999998", "5000010"))
        .isEqualTo(letters(5_000_000).substring(4_999_998));
  }

  @Test
  void manyValuesTogetherAreNotCopiedAgainAndAgain() throws IOException {
    writer.write("large big 60000");
    String[] words = new String[1001];
    java.util.Arrays.fill(words, "big");
    words[0] = "MGET";
    assertThat(list(words)).hasSize(1000).allMatch(letters(60_000)::equals);
    words = new String[1201];
    java.util.Arrays.fill(words, "big");
    words[0] = "MGET";
    refused("ERR these values have more than", words);
    refused("ERR a pattern has at most 1024 bytes", "SCAN", "0", "MATCH", "*".repeat(1025));
  }

  private static String letters(int length) {
    var letters = new StringBuilder();
    for (int i = 0; i < length; i++) {
      letters.append((char) ('a' + i % 26));
    }
    return letters.toString();
  }

  @Test
  void answersInTheOrderOfTheRequests() throws IOException {
    writer.write("set a 1");
    writer.write("large b 300000");
    var requests = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      requests.append("GET a\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\nPING ").append(i).append("\r\n");
    }
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                client.raw(requests.toString());
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    for (int i = 0; i < 200; i++) {
      assertThat(client.reply()).isEqualTo("1");
      assertThat(client.reply()).isEqualTo(letters(300_000));
      assertThat(client.reply()).isEqualTo(Integer.toString(i));
    }
  }

  @Test
  void aClientThatTakesNothingKeepsNobodyWaiting() throws Exception {
    writer.write("set a 1");
    writer.write("large b 8000000");
    try (TestClient lazy = new TestClient(server.port())) {
      for (int i = 0; i < 50; i++) {
        lazy.send("GET", "b");
      }
      for (int i = 0; i < 100; i++) {
        try (TestClient other = new TestClient(server.port())) { // on both threads
          assertThat(other.call("GET", "a")).isEqualTo("1");
        }
      }
      assertThat(server.status().waitingBytes()).isLessThan(32 << 20);
      for (int i = 0; i < 50; i++) {
        assertThat(lazy.reply()).isEqualTo(letters(8_000_000));
      }
    }
  }

  @Test
  void scansAllKeysInOrderOverAnyConnection() throws IOException {
    for (int i = 0; i < 30; i++) {
      writer.write("set key-" + (10 + i) + " v");
    }
    writer.write("set other v");
    String cursor = "0";
    List<Object> seen = new ArrayList<>();
    do {
      try (TestClient each = new TestClient(server.port())) {
        List<?> reply = (List<?>) each.call("SCAN", cursor, "COUNT", "7");
        cursor = (String) reply.get(0);
        seen.addAll((List<?>) reply.get(1));
      }
    } while (!cursor.equals("0"));
    assertThat(seen).hasSize(31).doesNotHaveDuplicates().startsWith("key-10").endsWith("other");
    assertThat(client.call("SCAN", "0", "MATCH", "key-1*", "COUNT", "100"))
        .isEqualTo(
            List.of(
                "0", java.util.stream.IntStream.range(10, 20).mapToObj(i -> "key-" + i).toList()));
    assertThat(client.call("SCAN", "0", "MATCH", "*r", "COUNT", "100"))
        .isEqualTo(List.of("0", List.of("other")));
    assertThat(client.call("SCAN", "0", "TYPE", "hash")).isEqualTo(List.of("0", List.of()));
    refused("ERR invalid cursor", "SCAN", "5");
    refused("ERR invalid cursor", "SCAN", "x");
    refused("ERR syntax error", "SCAN", "0", "COUNT", "0");
    refused("ERR KEYS would look at the whole database", "KEYS", "*");
  }

  @Test
  void anotherGenerationIsReadAsSoonAsItIsInUse() throws Exception {
    writer.write("set a 1");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    writer.write("copy");
    writer.write("set a 2");
    Await.until("the copy is read", () -> call("GET", "a"), "2"::equals);
    writer.write("generation");
    Await.until("the new database is read", () -> call("DBSIZE"), Long.valueOf(0)::equals);
    writer.write("drop");
    Await.until(
        "the database is gone",
        () -> String.valueOf(call("GET", "a")),
        reply -> reply.contains("no database"));
  }

  private Object call(String... words) {
    try {
      return client.call(words);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void whatIsWithheldIsNotRead() throws Exception {
    writer.write("set a 1");
    writer.write("withhold");
    Await.until(
        "it is refused",
        () -> String.valueOf(call("GET", "a")),
        reply -> reply.contains("a test says so"));
    writer.write("serve");
    Await.until("it is read again", () -> call("GET", "a"), "1"::equals);
  }

  // ---- the protocol

  @Test
  void speaksBothVersions() throws IOException {
    writer.write("set a 1");
    assertThat(list("HELLO").toString()).contains("proto, 2,");
    assertThat(map("HELLO", "3", "SETNAME", "me")).extracting("proto").isEqualTo(3L);
    assertThat(client.call("GET", "none")).isNull();
    assertThat(client.call("CLIENT", "GETNAME")).isEqualTo("me");
    assertThat(client.call("CLIENT", "SETINFO", "LIB-NAME", "test")).isEqualTo("OK");
    assertThat((String) client.call("CLIENT", "INFO")).contains("lib-name=test", "resp=3");
    assertThat(map("CONFIG", "GET", "save*")).hasToString("{save=}");
    assertThat((String) client.call("INFO")).contains("quicksilver_version:test", "db0:keys=1");
    assertThat((String) client.call("INFO", "keyspace")).doesNotContain("redis_version");
    assertThat((Long) client.call("COMMAND", "COUNT")).isGreaterThan(20);
    assertThat(list("COMMAND")).hasSize(count());
    assertThat(list("COMMAND", "INFO", "get", "none")).hasSize(2);
    assertThat(list("COMMAND", "INFO", "none").toString()).isEqualTo("[null]");
    assertThat(map("COMMAND", "DOCS")).hasSize(count());
    assertThat(client.call("RESET")).isEqualTo("RESET");
    assertThat(list("HELLO").toString()).contains("proto, 2,");
    refused("NOPROTO", "HELLO", "4");
    refused("ERR Protocol version is not", "HELLO", "x");
    refused("ERR Syntax error in HELLO", "HELLO", "3", "NOW");
    assertThat(client.call("QUIT")).isEqualTo("OK");
    assertThat(client.isEnded()).isTrue();
  }

  private int count() throws IOException {
    return Math.toIntExact((Long) client.call("COMMAND", "COUNT"));
  }

  @Test
  void refusesWhatItCannotDoAndSaysWhy() throws IOException {
    refused("READONLY this is a copy at the edge: write with SQL", "SET", "a", "b");
    refused("READONLY", "del", "a");
    refused(
        "ERR unknown command 'NONSENSE', with args beginning with: 'a' 'b'", "NONSENSE", "a", "b");
    refused("ERR wrong number of arguments for 'get' command", "GET");
    refused("ERR wrong number of arguments for 'get' command", "GET", "a", "b");
    refused("ERR value is not an integer", "GETRANGE", "a", "x", "1");
    refused("ERR DB index is out of range: no database has number 1", "SELECT", "1");
    refused("ERR there is no database \"none\" here", "SELECT", "none");
    refused("ERR CONFIG SET is not here", "CONFIG", "SET", "a", "b");
    refused("ERR CLIENT TRACKING is not here", "CLIENT", "TRACKING", "ON");
    refused("ERR Client names cannot contain", "CLIENT", "SETNAME", "a b");
    assertThat(client.call("PING")).isEqualTo("PONG");
    assertThat(server.status().errors()).containsEntry("READONLY", 2L);
  }

  @Test
  void refusesInTheWordsThatClientsKnow() throws IOException {
    refused("ERR wrong number of arguments for 'client|setname' command", "CLIENT", "SETNAME");
    refused("ERR wrong number of arguments for 'client|id' command", "client", "id", "x");
    refused("ERR unknown subcommand 'nosuch'. Try CLIENT HELP.", "CLIENT", "nosuch", "x");
    refused("ERR syntax error", "CLIENT", "NO-EVICT", "maybe");
    refused("ERR wrong number of arguments for 'config|get' command", "CONFIG", "GET");
    refused("ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.", "CONFIG", "NOSUCH");
    refused("ERR CONFIG SET is not here", "CONFIG", "SET", "save", "");
    refused("ERR wrong number of arguments for 'command|count' command", "COMMAND", "COUNT", "x");
    refused("ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP.", "COMMAND", "NOSUCH");
    for (String number : List.of("+1", "01", " 1", "1.5", "-0", "")) {
      refused("ERR value is not an integer or out of range", "GETRANGE", "a", number, "2");
    }
    refused("READONLY", "SUNIONSTORE", "to", "from");
    refused("READONLY", "SORT", "list");
    refused("ERR wrong number of arguments for 'reset' command", "RESET", "now");
  }

  @Test
  void whoBreaksTheProtocolIsToldAndClosed() throws IOException {
    client.raw("PING\r\n*1\r\n+x\r\n");
    assertThat(client.reply()).isEqualTo("PONG");
    assertThat(client.reply()).isEqualTo(new Failed("ERR Protocol error: expected '$', got '+'"));
    assertThat(client.isEnded()).isTrue();
    try (TestClient other = new TestClient(server.port())) {
      assertThat(other.call("PING")).isEqualTo("PONG");
    }
  }

  @Test
  void selectsByNameAndByNumber() throws IOException {
    writer.write("set a 1");
    assertThat(client.call("SELECT", "0")).isEqualTo("OK");
    assertThat(client.call("SELECT", "edge")).isEqualTo("OK");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    assertThat(String.valueOf(client.call("CLIENT", "INFO"))).contains(" db=0 ");
    serve(
        with(
            List.of("other", "edge"),
            Duration.ZERO,
            Optional.empty(),
            false,
            100,
            Optional.empty()));
    refused("ERR there is no database \"other\" here", "GET", "a");
    assertThat(client.call("SELECT", "1")).isEqualTo("OK");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    assertThat(String.valueOf(client.call("CLIENT", "INFO"))).contains(" db=1 ");
    refused("ERR DB index is out of range: no database has number 2", "SELECT", "2");
  }

  @Test
  void servesAUnixSocketAndNoMoreClientsThanItMay() throws Exception {
    writer.write("set a 1");
    Path socket = data.resolve("resp.sock");
    Files.createFile(socket);
    assertThatThrownBy(() -> serveUnix(socket)).hasMessageContaining("resp.sock");
    Files.delete(socket);
    serveUnix(socket);
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(ByteBuffer.wrap("GET a\r\n".getBytes(ISO_8859_1)));
      ByteBuffer reply = ByteBuffer.allocate(7);
      while (reply.hasRemaining() && channel.read(reply) >= 0) {}
      assertThat(new String(reply.array(), ISO_8859_1)).isEqualTo("$1\r\n1\r\n");
      assertThat(client.call("PING")).isEqualTo("PONG");
      try (TestClient third = new TestClient(server.port())) {
        assertThat(third.reply()).isEqualTo(new Failed("ERR max number of clients reached"));
        assertThat(third.isEnded()).isTrue();
      }
    }
  }

  private void serveUnix(Path socket) throws IOException {
    serve(with(List.of(), Duration.ZERO, Optional.empty(), false, 2, Optional.of(socket)));
  }

  // ---- who may

  @Test
  void onlyUsersReadAndOnlyWhatTheyMay() throws Exception {
    writer.write("set a 1");
    writer.write("catalog role:alice " + pair("alice", "\"edge\""));
    writer.write("catalog role:bob " + pair("bob", "\"none\""));
    serve(
        with(
            List.of(),
            Duration.ZERO,
            Optional.of(Credentials.ofPassword("default", "operator")),
            true,
            100,
            Optional.empty()));
    refused("NOAUTH Authentication required", "GET", "a");
    refused("NOAUTH HELLO must be called", "HELLO", "3");
    refused("WRONGPASS", "AUTH", "alice", "wrong");
    refused("WRONGPASS", "AUTH", "nobody", "pw");
    refused("WRONGPASS", "AUTH", "wrong");
    assertThat(client.call("AUTH", "alice", "alice")).isEqualTo("OK");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    assertThat(client.call("RESET")).isEqualTo("RESET");
    refused("NOAUTH", "GET", "a");
    assertThat(map("HELLO", "3", "AUTH", "default", "operator")).isNotEmpty();
    assertThat(client.call("GET", "a")).isEqualTo("1");
    try (TestClient bob = new TestClient(server.port())) {
      bob.raw("AUTH bob bob\r\nSELECT edge\r\nXREAD STREAMS edge_log 0\r\nPING\r\n");
      assertThat(bob.reply()).isEqualTo("OK");
      assertThat(bob.reply()).asString().contains("no database \"edge\"");
      assertThat(bob.reply()).asString().contains("no database \"edge\"");
      assertThat(bob.reply()).isEqualTo("PONG");
    }
    try (TestClient alice = new TestClient(server.port())) {
      assertThat(alice.call("AUTH", "alice", "alice")).isEqualTo("OK");
      writer.write("catalog role:alice " + pair("alice", "\"none\""));
      assertThat(alice.isEnded()).isTrue(); // what was taken away is gone at once
    }
  }

  /** Whoever breaks off while its password is checked, with more behind it, takes nobody along. */
  @Test
  void clientsThatVanishWhileTheyWaitHurtNobody() throws Exception {
    writer.write("set a 1");
    serve(
        with(
            List.of(),
            Duration.ZERO,
            Optional.of(Credentials.ofPassword("default", "pw")),
            false,
            100,
            Optional.empty()));
    for (int i = 0; i < 40; i++) {
      Socket socket = new Socket("127.0.0.1", server.port());
      socket.setSoLinger(true, 0);
      try (TestClient broken = new TestClient(socket)) {
        broken.raw("AUTH default wrong\r\n" + "PING\r\n".repeat(20_000));
      } catch (IOException e) {
        assertThat(e).hasMessageMatching(".*(reset|closed|Broken).*"); // it was faster
      }
    }
    for (int i = 0; i < 10; i++) { // on both threads
      try (TestClient each = new TestClient(server.port())) {
        assertThat(each.call("AUTH", "pw")).isEqualTo("OK");
        assertThat(each.call("GET", "a")).isEqualTo("1");
      }
    }
    client.close();
    Await.until("all have left", () -> server.status().connections(), left -> left == 0);
    assertThat(server.status().waitingBytes()).isZero();
  }

  private static String pair(String user, String databases) {
    return "{\"verifier\":\"%s\",\"databases\":[%s]}"
        .formatted(ScramVerifier.ofPassword(user).text(), databases);
  }

  @Test
  void listensToOthersOnlyWithTlsAndUsers() {
    RespConfig own = config();
    assertThatThrownBy(
            () ->
                RespServer.start(
                    new RespConfig(
                        "0.0.0.0",
                        0,
                        Optional.empty(),
                        data,
                        1,
                        1,
                        1 << 20,
                        List.of(),
                        Duration.ZERO,
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        own.storage(),
                        "test")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("TLS and users");
  }

  // ---- TLS

  @Test
  void servesWithTlsWhateverTheSizeOfWhatItSays() throws Exception {
    writer.write("set a 1");
    writer.write("large big 3000000");
    TlsFiles files = TlsClients.issue(data.resolve("tls"));
    RespConfig own = config();
    client.close();
    server.close();
    server =
        RespServer.start(
            new RespConfig(
                "0.0.0.0",
                0,
                Optional.empty(),
                data,
                2,
                100,
                32 << 20,
                List.of(),
                Duration.ZERO,
                Optional.of(Credentials.ofPassword("default", "pw")),
                false,
                Optional.of(files),
                own.storage(),
                "test"));
    SSLContext context = TlsClients.trusting(data.resolve("tls"));
    client = new TestClient(TlsClients.connect(context, server.port(), "TLSv1.3"));
    assertThat(client.call("AUTH", "pw")).isEqualTo("OK");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    assertThat(client.call("GET", "big")).isEqualTo(letters(3_000_000));
    String[] many = new String[20_000];
    java.util.Arrays.fill(many, "none");
    many[0] = "EXISTS";
    many[1] = "a";
    assertThat(client.call(many)).isEqualTo(1L);
    client.send("XREAD", "BLOCK", "0", "STREAMS", "edge_log", "$");
    writer.write("set b 2");
    assertThat(client.reply().toString()).contains("edge_log");
    try (TestClient older = new TestClient(TlsClients.connect(context, server.port(), "TLSv1.2"))) {
      assertThat(older.call("HELLO", "3", "AUTH", "default", "pw")).isInstanceOf(Map.class);
      for (int i = 0; i < 100; i++) {
        assertThat(older.call("GET", "a")).isEqualTo("1");
      }
    }
    try (TestClient eager = new TestClient(TlsClients.connect(context, server.port(), "TLSv1.3"))) {
      eager.raw("AUTH default pw\r\n"); // two records, of which the second waits for the first
      eager.raw("GET a\r\n");
      assertThat(eager.reply()).isEqualTo("OK");
      assertThat(eager.reply()).isEqualTo("1");
    }
    try (TestClient plain = new TestClient(server.port())) {
      plain.raw("PING\r\n");
      assertThat(endsWithoutAReply(plain)).isTrue();
    }
    assertThat(client.call("PING")).isEqualTo("PONG");
  }

  /** It may be sent an alert of TLS first. */
  private static boolean endsWithoutAReply(TestClient plain) throws IOException {
    for (int i = 0; i < 100; i++) {
      if (plain.isEnded()) {
        return true;
      }
    }
    return false;
  }

  // ---- changes

  @Test
  void tellsOfEachChangeOnce() throws Exception {
    assertThat(client.call("PSUBSCRIBE", "quicksilver:edge:a*"))
        .isEqualTo(List.of("psubscribe", "quicksilver:edge:a*", 1L));
    assertThat(client.call("SUBSCRIBE", "quicksilver:edge:b"))
        .isEqualTo(List.of("subscribe", "quicksilver:edge:b", 2L));
    refused("ERR Can't execute 'get'", "GET", "a");
    refused("ERR no channel begins so", "SUBSCRIBE", "news");
    try (TestClient other = new TestClient(server.port())) {
      refused(other, "ERR a pattern has at most", "PSUBSCRIBE", "quicksilver:" + "*".repeat(1024));
      assertThat(server.status().subscribers()).isEqualTo(1);
    }
    writer.write("set a1 x");
    writer.write("set c x");
    writer.write("set b x");
    writer.write("delete a1");
    writer.write("clear");
    assertThat(client.reply())
        .isEqualTo(message("quicksilver:edge:a*", "quicksilver:edge:a1", "1 set"));
    assertThat(client.reply()).isEqualTo(List.of("message", "quicksilver:edge:b", "3 set"));
    assertThat(client.reply())
        .isEqualTo(message("quicksilver:edge:a*", "quicksilver:edge:a1", "4 del"));
    assertThat(client.reply()).isEqualTo(List.of("message", "quicksilver:edge:b", "5 clear"));
    assertThat(client.reply())
        .isEqualTo(message("quicksilver:edge:a*", "quicksilver:edge", "5 clear"));
    writer.write("copy");
    writer.write("set a2 x");
    assertThat(client.reply())
        .isEqualTo(message("quicksilver:edge:a*", "quicksilver:edge:a2", "6 set"));
    assertThat(client.call("UNSUBSCRIBE"))
        .isEqualTo(List.of("unsubscribe", "quicksilver:edge:b", 1L));
    assertThat(client.call("PUNSUBSCRIBE"))
        .isEqualTo(List.of("punsubscribe", "quicksilver:edge:a*", 0L));
    assertThat(client.call("GET", "a2")).isEqualTo("x");
    assertThat(server.status().subscribers()).isZero();
  }

  private static List<Object> message(String pattern, String channel, String message) {
    return List.of("pmessage", pattern, channel, message);
  }

  @Test
  void theLogIsAStreamWithoutGapOrRepetition() throws Exception {
    writer.write("set a 1");
    writer.write("set b 2");
    writer.write("delete a");
    List<?> all = list("XRANGE", "edge_log", "-", "+");
    assertThat(all).hasSize(3);
    assertThat(all.get(0).toString()).startsWith("[1-");
    assertThat(fields(all, 0)).startsWith("op", "set", "key", "a", "value", "1", "commit_time_us");
    assertThat(fields(all, 2)).startsWith("op", "del", "key", "a");
    assertThat(list("XRANGE", "edge_log", "(1-0", "2")).hasSize(1);
    assertThat(list("XRANGE", "edge_log", "-", "(3")).hasSize(2);
    assertThat(list("XRANGE", "edge_log", "(9223372036854775807", "+")).isEmpty();
    assertThat(client.call("XLEN", "edge_log")).isEqualTo(3L);
    assertThat(client.call("XREAD", "STREAMS", "edge_log", "3-0")).isNull();
    assertThat(client.call("XREAD", "STREAMS", "edge_log", "$")).isNull();
    List<?> one = list("XREAD", "COUNT", "1", "STREAMS", "edge_log", "1-0");
    assertThat(one).hasSize(1);
    assertThat(one.get(0).toString()).startsWith("[edge_log, [[2-");
    client.send("XREAD", "BLOCK", "0", "STREAMS", "edge_log", "3-0");
    client.send("PING"); // is answered after it
    writer.write("set c 3");
    assertThat(client.reply().toString()).startsWith("[[edge_log, [[4-");
    assertThat(client.reply()).isEqualTo("PONG");
    assertThat(client.call("XREAD", "BLOCK", "20", "STREAMS", "edge_log", "4")).isNull();
    refused("ERR there is no stream \"x\"", "XREAD", "STREAMS", "x", "0");
    refused("ERR Invalid stream ID", "XREAD", "STREAMS", "edge_log", "x");
    refused("ERR Unbalanced", "XREAD", "COUNT", "1", "STREAMS", "edge_log");
    refused("ERR syntax error", "XREAD", "COUNT", "1", "BLOCK");
    client.call("HELLO", "3");
    assertThat(map("XREAD", "STREAMS", "edge_log", "0").keySet()).hasToString("[edge_log]");
  }

  @Test
  void aLogThatDoesNotReachBackSaysSo() throws Exception {
    writer.write("set a 1");
    writer.write("set b 2");
    writer.write("copy"); // its log begins behind what it holds
    Await.until(
        "the gap is told",
        () -> String.valueOf(call("XREAD", "STREAMS", "edge_log", "0")),
        reply -> reply.contains("GAP the log of edge begins with sequence 3"));
    writer.write("set c 3");
    Await.until(
        "the log goes on",
        () -> String.valueOf(call("XREAD", "STREAMS", "edge_log", "2-0")),
        reply -> reply.startsWith("[[edge_log, [[3-"));
  }

  @Test
  void anotherDatabaseOfTheSameNameDoesNotContinueTheOneBefore() throws Exception {
    writer.write("set a 1");
    writer.write("set a 2");
    String id = String.valueOf(((List<?>) list("XRANGE", "edge_log", "1", "1").get(0)).get(0));
    assertThat(list("XREAD", "STREAMS", "edge_log", id)).hasSize(1);
    try (TestClient waiting = new TestClient(server.port());
        TestClient subscriber = new TestClient(server.port())) {
      waiting.send("XREAD", "BLOCK", "0", "STREAMS", "edge_log", "$");
      assertThat(subscriber.call("SUBSCRIBE", "quicksilver:edge:a")).isNotNull();
      writer.write("generation"); // has the same name and another id
      writer.write("set b 1");
      writer.write("set b 2");
      assertThat(waiting.reply()).asString().contains("GAP this is the log of another database");
      assertThat(((List<?>) subscriber.reply()).toString()).contains("reload");
    }
    refused("GAP this is the log of another database", "XREAD", "STREAMS", "edge_log", id);
    assertThat(list("XREAD", "STREAMS", "edge_log", "0")).hasSize(1);
  }

  // ---- freshness

  @Test
  void waitsForASequence() throws Exception {
    assertThat(client.call("QUICKSILVER", "SEQUENCE")).isEqualTo(0L);
    client.send("QUICKSILVER", "WAIT", "2", "20000");
    writer.write("set a 1");
    writer.write("set a 2");
    assertThat(client.reply()).isEqualTo(2L);
    assertThat(client.call("GET", "a")).isEqualTo("2");
    assertThat(client.call("QUICKSILVER", "WAIT", "1", "0")).isEqualTo(2L);
    refused("TIMEOUT edge is at sequence 2 here, not yet at 3", "QUICKSILVER", "WAIT", "3", "10");
    refused("ERR unknown subcommand", "QUICKSILVER", "NOTHING");
    assertThat(list("QUICKSILVER", "HELP")).isNotEmpty();
  }

  @Test
  void refusesACopyThatIsTooOld() throws Exception {
    writer.write("set a 1");
    assertThat(client.call("QUICKSILVER", "MAXAGE", "5000")).isEqualTo("OK");
    refused(
        "STALE database \"edge\" may be older than 5000 ms here: how old it is is not known",
        "GET",
        "a");
    follow(System.currentTimeMillis() - 1000);
    Await.until("it is fresh enough", () -> call("GET", "a"), "1"::equals);
    List<?> marked = list("QUICKSILVER", "GET", "a");
    assertThat(marked.subList(0, 4)).isEqualTo(List.of("value", "1", "sequence", 1L));
    assertThat((Long) marked.get(7)).isGreaterThanOrEqualTo(1000L);
    refused("STALE", "QUICKSILVER", "GET", "a", "MAXAGE", "10");
    refused("ERR value is not an integer", "QUICKSILVER", "MAXAGE", "-5");
    follow(System.currentTimeMillis() - 3_600_000);
    Await.until(
        "it is too old", () -> String.valueOf(call("MGET", "a")), reply -> reply.contains("STALE"));
    refused("STALE", "SCAN", "0");
    refused("STALE", "DBSIZE");
    assertThat(client.call("QUICKSILVER", "MAXAGE", "OFF")).isEqualTo("OK");
    assertThat(client.call("GET", "a")).isEqualTo("1");
    serve(with(List.of(), Duration.ofSeconds(5), Optional.empty(), false, 100, Optional.empty()));
    refused("STALE", "GET", "a"); // also a server that has just started
  }

  private void follow(long completeUntil) throws IOException {
    Following.write(
        data,
        Map.of("edge", new Following("STREAMING", "root", 1, OptionalLong.of(completeUntil), "")));
  }

  @Test
  void namesTheDatabases() throws IOException {
    client.call("HELLO", "3");
    assertThat(list("QUICKSILVER", "DATABASES"))
        .singleElement()
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
        .containsEntry("name", "edge")
        .containsEntry("sequence", 0L);
    Set<String> names = new HashSet<>();
    Commands.all().forEach(command -> names.add(command.name()));
    assertThat(names).contains("GET", "XREAD", "PSUBSCRIBE", "QUICKSILVER");
  }
}
