package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.fixtures.Await;
import dev.quicksilver.replication.RemoteLog;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A node goes on with sockets that are listened on while it is not there: clients wait then, and
 * are not refused.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "sockets are handed over on Linux only")
final class ActivationTest {
  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void fill() {
    data = folder.resolve("data");
    try (DatabaseSet databases =
        DatabaseSet.open(data, StorageOptions.DEFAULT.withMapSize(1L << 30))) {
      databases.create(new DatabaseIdentity(new UUID(7, 7), DatabaseSet.CATALOG, "text", "jsonb"));
      Database dns = databases.create(new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text"));
      try (Appender appender = dns.append()) {
        appender.begin(1, 1);
        appender.set("a".getBytes(UTF_8), "one".getBytes(UTF_8));
        appender.end(new Position(1, 1, 2));
        appender.commit();
      }
    }
  }

  private String directory() {
    return "--data-directory=" + data;
  }

  private static <T> Future<T> beside(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread _ = Thread.ofPlatform().daemon().start(task);
    return task;
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  private static SocketAddress local(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Connects now, and returns what is answered, some time. */
  private static Future<String> ask(SocketAddress address, String words) throws IOException {
    SocketChannel channel = SocketChannel.open(address);
    int _ = channel.write(ByteBuffer.wrap((words + "\r\n").getBytes(UTF_8)));
    return beside(
        () -> {
          try (channel) {
            return line(channel);
          }
        });
  }

  private static String line(SocketChannel channel) throws IOException {
    ByteBuffer answer = ByteBuffer.allocate(1000);
    while (answer.position() == 0 || answer.get(answer.position() - 1) != '\n') {
      if (channel.read(answer) < 0) {
        throw new IOException("the connection was closed");
      }
    }
    return new String(answer.array(), 0, answer.position(), UTF_8).strip();
  }

  @Test
  void clientsOfRespWaitForAServer() throws Exception {
    Path path = folder.resolve("resp.sock");
    var unix = UnixDomainSocketAddress.of(path);
    try (SocketHolder sockets = SocketHolder.open(folder, "unix=" + path, "tcp=127.0.0.1")) {
      SocketAddress tcp = local(sockets.port(1));
      String[] serve = {
        "serve",
        directory(),
        "--resp-listen=127.0.0.1:" + sockets.port(1),
        "--resp-unix-socket=" + path,
        "--node-take-over=true"
      };
      Future<String> early = ask(tcp, "PING");
      Future<String> earlyUnix = ask(unix, "PING");
      ProcessHandle node = sockets.start("resp:resp", serve);
      assertThat(result(early)).isEqualTo("+PONG");
      assertThat(result(earlyUnix)).isEqualTo("+PONG");

      // killed, stopped, and replaced, while clients come all the time
      try (Stubborn clients = new Stubborn(tcp)) {
        clients.awaitAnswers(1);
        SocketHolder.kill(node);
        Future<String> between = ask(tcp, "PING");
        Future<String> betweenUnix = ask(unix, "PING");
        ProcessHandle second = sockets.start("resp:resp", serve);
        assertThat(result(between)).isEqualTo("+PONG");
        assertThat(result(betweenUnix)).isEqualTo("+PONG");
        clients.awaitAnswers(1);
        SocketHolder.stop(second);
        assertThat(path).exists();
        ProcessHandle third = sockets.start("", serve); // by their addresses
        clients.awaitAnswers(1);
        try (SocketChannel moved = SocketChannel.open(unix)) {
          int _ = moved.write(ByteBuffer.wrap("ECHO first\r\n".getBytes(UTF_8)));
          assertThat(line(moved)).contains("first");
          ProcessHandle fourth = sockets.start("resp:resp", serve);
          SocketHolder.awaitEnd(third);
          int _ = moved.write(ByteBuffer.wrap("ECHO second\r\n".getBytes(UTF_8)));
          assertThat(line(moved)).contains("second");
          assertThat(result(ask(unix, "PING"))).isEqualTo("+PONG");
          clients.awaitAnswers(1);
          // by hand: it gets the listeners from the other process, and leaves the file as that one
          ProcessHandle fifth = sockets.startWithout(serve);
          SocketHolder.awaitEnd(fourth);
          int _ = moved.write(ByteBuffer.wrap("ECHO third\r\n".getBytes(UTF_8)));
          assertThat(line(moved)).contains("third");
          assertThat(result(ask(unix, "PING"))).isEqualTo("+PONG");
          SocketHolder.stop(fifth);
          assertThat(path).exists();
        }
        ProcessHandle _ = sockets.start("resp:resp", serve);
        clients.awaitAnswers(1);
        clients.requireNeverRefused();
      }
    }
  }

  /** A client that comes again and again, and is never refused. */
  private static final class Stubborn implements AutoCloseable {
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final Future<Boolean> running;
    private final AtomicInteger answers = new AtomicInteger();

    Stubborn(SocketAddress address) {
      running =
          beside(
              () -> {
                while (!stopping.get()) {
                  try (SocketChannel channel = SocketChannel.open(address)) {
                    int _ = channel.write(ByteBuffer.wrap("PING\r\n".getBytes(UTF_8)));
                    if (line(channel).equals("+PONG")) {
                      int _ = answers.incrementAndGet();
                    }
                  } catch (ConnectException e) {
                    throw new AssertionError("refused after " + answers.get() + " answers", e);
                  } catch (IOException e) {
                    // it was served by a process that was killed
                  }
                }
                return true;
              });
    }

    void awaitAnswers(int more) throws Exception {
      int wanted = answers.get() + more;
      int _ =
          Await.until(
              "it is served",
              () -> running.isDone() && result(running) ? -1 : answers.get(),
              now -> now >= wanted);
    }

    void requireNeverRefused() throws Exception {
      close();
      assertThat(result(running)).isTrue();
    }

    @Override
    public void close() {
      stopping.set(true);
    }
  }

  @Test
  void clientsOfABridgeWaitForIt() throws Exception {
    try (SocketHolder sockets = SocketHolder.open(folder, "tcp=127.0.0.1")) {
      String[] bridge = {
        "bridge", directory(), "--bridge-listen=127.0.0.1:" + sockets.port(0),
      };
      String url = "jdbc:postgresql://127.0.0.1:" + sockets.port(0) + "/quicksilver?user=me";
      Future<String> early = beside(() -> value(url));
      ProcessHandle node = sockets.start("bridge", bridge);
      assertThat(result(early)).isEqualTo("one");
      SocketHolder.kill(node);
      Future<String> between = beside(() -> value(url));
      ProcessHandle second = sockets.start("quicksilver-bridge.socket", bridge);
      assertThat(result(between)).isEqualTo("one");
      assertThat(sockets.log()).contains("bridge.listen = 127.0.0.1:", "listens there already");
      assertThatNoChildKnowsOf(sockets.inProc(0), second, url);
      SocketHolder.stop(second);
      Future<String> last = beside(() -> value(url));
      ProcessHandle _ = sockets.start("", bridge);
      assertThat(result(last)).isEqualTo("one");
    }
  }

  @Test
  void aSocketOfIpv6IsServedToo() throws Exception {
    Path addresses = Path.of("/proc/net/if_inet6");
    assumeTrue(
        Files.exists(addresses) && !Files.readString(addresses).isEmpty(),
        "skipped: this machine has no IPv6");
    try (SocketHolder sockets = SocketHolder.open(folder, "tcp=::1")) {
      String at = "[::1]:" + sockets.port(0);
      Future<String> early =
          beside(() -> value("jdbc:postgresql://" + at + "/quicksilver?user=me"));
      ProcessHandle _ = sockets.start("bridge", "bridge", directory(), "--bridge-listen=" + at);
      assertThat(result(early)).isEqualTo("one");
    }
  }

  /** The evaluator's processes have neither the socket nor the variables. */
  private static void assertThatNoChildKnowsOf(String socket, ProcessHandle node, String url)
      throws Exception {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT md5(value) FROM dns")) {
      assertThat(rows.next()).isTrue();
      List<ProcessHandle> children = node.descendants().toList();
      assertThat(children).isNotEmpty();
      int seen = 0;
      for (ProcessHandle child : children) {
        Path process = Path.of("/proc/" + child.pid());
        if (!Files.isReadable(process.resolve("environ"))) {
          continue; // another user's, or gone
        }
        assertThat(Files.readString(process.resolve("environ"), UTF_8)).doesNotContain("LISTEN_");
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
          for (Path each : descriptors.toList()) {
            assertThat(Files.readSymbolicLink(each)).isNotEqualTo(Path.of(socket));
          }
        }
        seen++;
      }
      assertThat(seen).isPositive();
    }
  }

  private static String value(String url) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT value FROM dns WHERE key = 'a'")) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  @Test
  void followersWaitForAReplica() throws Exception {
    try (SocketHolder sockets = SocketHolder.open(folder, "tcp=127.0.0.1")) {
      int port = sockets.port(0);
      String[] replica = {
        "replica",
        directory(),
        "--replication-listen=127.0.0.1:" + port,
        "--replication-upstreams=127.0.0.1:1",
        "--node-take-over=true"
      };
      Future<String> early = beside(() -> entry(port));
      ProcessHandle first = sockets.start("replication", replica);
      assertThat(result(early)).isEqualTo("a");
      SocketHolder.kill(first);
      Future<String> between = beside(() -> entry(port));
      ProcessHandle second = sockets.start("", replica);
      assertThat(result(between)).isEqualTo("a");
      ProcessHandle third = sockets.start("replication", replica); // takes its place
      SocketHolder.awaitEnd(second);
      assertThat(result(beside(() -> entry(port)))).isEqualTo("a");
      assertThat(third.isAlive()).isTrue();
    }
  }

  /** The key of the first entry that a node sends to a follower. */
  private static String entry(int port) throws IOException {
    Upstream node = new Upstream("127.0.0.1", port, false, Optional.empty());
    try (RemoteLog log =
        RemoteLog.open(
            node, "dns", RemoteLog.Range.between(1, 1), "test", Transport.PLAIN, Await.LIMIT)) {
      LogEntry entry = log.next();
      assertThat(entry).isNotNull();
      return new String(entry.key(), UTF_8);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tcp=127.0.0.1, bridge, 127.0.0.1:7, 'listens at 127.0.0.1:PORT, and this node does not:"
        + " bridge.listen = 127.0.0.1:7; write the same in ListenStream='",
    "tcp=0.0.0.0, bridge, 127.0.0.1:PORT, 'listens at 0.0.0.0:PORT, and this node does not:"
        + " bridge.listen = 127.0.0.1:PORT'",
    "tcp=0.0.0.0, bridge, 0.0.0.0:PORT, which other machines reach",
    "tcp=127.0.0.1, resp, 127.0.0.1:PORT, 'socket 3 \"resp\" of the service manager (LISTEN_FDS)"
        + " has a name that no listener of this node has: write FileDescriptorName=bridge'",
    "tcp=127.0.0.1, bridge:bridge, 127.0.0.1:PORT, 2 names for LISTEN_FDS=1",
    "udp=127.0.0.1, bridge, 127.0.0.1:PORT, 'descriptor 3 of LISTEN_FDS is no stream socket: write"
        + " ListenStream='",
    "idle=127.0.0.1, bridge, 127.0.0.1:PORT, 'descriptor 3 of LISTEN_FDS does not listen: it is one"
        + " client''s; write Accept=no'",
    "file, bridge, 127.0.0.1:PORT, 'descriptor 3 of LISTEN_FDS is no socket'",
  })
  void aSocketThatIsNotTheNodesIsRefusedAtOnce(
      String place, String names, String listen, String message) throws Exception {
    try (SocketHolder sockets = SocketHolder.open(folder, place)) {
      String port = Integer.toString(sockets.port(0));
      String said =
          sockets.refuse(
              names, "bridge", directory(), "--bridge-listen=" + listen.replace("PORT", port));
      assertThat(said.lines().filter(line -> line.startsWith("quicksilver: "))).as(said).hasSize(1);
      assertThat(said).contains(message.replace("PORT", port));
    }
  }

  @Test
  void aUnixSocketWhoseFileIsGoneIsRefused() throws Exception {
    Path path = folder.resolve("resp.sock");
    try (SocketHolder sockets = SocketHolder.open(folder, "unix=" + path)) {
      Files.delete(path);
      assertThat(
              sockets.refuse(
                  "resp",
                  "serve",
                  directory(),
                  "--resp-listen=127.0.0.1:0",
                  "--resp-unix-socket=" + path))
          .contains("resp.unix-socket = " + path, "file was removed; restart the socket unit");
    }
  }
}
