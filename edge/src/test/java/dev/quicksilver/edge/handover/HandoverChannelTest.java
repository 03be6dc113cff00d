package dev.quicksilver.edge.handover;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(value = OS.LINUX, disabledReason = "sockets are handed over on Linux only")
final class HandoverChannelTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path folder;
  private int connections;
  private Path path;
  private ServerSocketChannel listener;
  private HandoverChannel left;
  private SocketChannel raw;
  private HandoverChannel right;

  @BeforeEach
  void connect() throws IOException {
    path = folder.resolve("socket-" + connections++);
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path));
    left = HandoverChannel.connect(path, PATIENCE);
    raw = listener.accept();
    right = new HandoverChannel(raw, PATIENCE);
  }

  @AfterEach
  void close() throws IOException {
    left.close();
    right.close();
    listener.close();
  }

  @Test
  void messagesComeAsTheyWere() throws Exception {
    Random random = new Random(1);
    for (int size : new int[] {0, 1, 65_530, 65_536, 70_000, 5_000_000}) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      Message sent =
          new Message("kind")
              .with("text", "Grüße")
              .with("number", -7)
              .with("", "a field without a name")
              .with("bytes", bytes)
              .with("bytes", bytes, size / 3, size);
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(
              () -> {
                try {
                  left.send(sent);
                  left.send(new Message("next"));
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      HandoverChannel.Received received = right.receive();
      assertThat(received.descriptor()).isEqualTo(HandoverChannel.NO_SOCKET);
      Message message = received.message();
      assertThat(message.kind()).isEqualTo("kind");
      assertThat(message.text("text")).contains("Grüße");
      assertThat(message.number("number", 0)).isEqualTo(-7);
      assertThat(message.number("other", 5)).isEqualTo(5);
      assertThat(message.text("")).contains("a field without a name");
      assertThat(message.all("bytes").getFirst()).isEqualTo(bytes);
      assertThat(message.all("bytes").getLast())
          .isEqualTo(Arrays.copyOfRange(bytes, size / 3, size));
      assertThat(right.receive().message().kind()).isEqualTo("next");
      sending.join();
    }
  }

  /**
   * A client and a listener work on where they have arrived, when the sender has closed its own.
   */
  @Test
  void socketsWorkOnWhereTheyArrive() throws Exception {
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServerSocketChannel tcp = ServerSocketChannel.open().bind(any);
    int port = ((InetSocketAddress) tcp.getLocalAddress()).getPort();
    try (SocketChannel early = SocketChannel.open(tcp.getLocalAddress());
        SocketChannel late = SocketChannel.open(tcp.getLocalAddress())) {
      SocketChannel accepted = tcp.accept();
      left.send(new Message("client").with("name", "x".repeat(100_000)), accepted);
      left.send(new Message("listener"), tcp);
      accepted.close();
      tcp.close();
      HandoverChannel.Received client = right.receive();
      HandoverChannel.Received listening = right.receive();
      assertThat(client.message().text("name")).contains("x".repeat(100_000));
      try (SocketChannel there = Sockets.client(client.descriptor(), false);
          ServerSocketChannel listens = Sockets.listener(listening.descriptor(), false)) {
        say(early, "to");
        assertThat(heard(there)).isEqualTo("to");
        say(there, "fro");
        assertThat(heard(early)).isEqualTo("fro");
        assertThat(((InetSocketAddress) listens.getLocalAddress()).getPort()).isEqualTo(port);
        try (SocketChannel waited = listens.accept()) {
          say(waited, "hi");
          assertThat(heard(late)).isEqualTo("hi");
        }
      }
    }
  }

  private static void say(SocketChannel to, String text) throws IOException {
    int ignored = to.write(ByteBuffer.wrap(text.getBytes(US_ASCII)));
  }

  private static String heard(SocketChannel from) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(10);
    int length = from.read(buffer);
    return new String(buffer.array(), 0, length, US_ASCII);
  }

  @Test
  void whatIsDiscardedLivesOnWhereItCameFrom() throws Exception {
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (ServerSocketChannel tcp = ServerSocketChannel.open().bind(any);
        SocketChannel client = SocketChannel.open(tcp.getLocalAddress());
        SocketChannel accepted = tcp.accept()) {
      left.send(new Message("client"), accepted);
      HandoverChannel.discard(List.of(right.receive().descriptor()));
      say(accepted, "still");
      assertThat(heard(client)).isEqualTo("still");
    }
  }

  @Test
  void whatIsNoMessageIsRefused() throws IOException {
    byte[][] wrong = {
      {0, 0x7F, -1, -1, -1, 1, 2}, // longer than any
      {0, 0, 0, 0, 1, 1}, // no room for a kind
      {0, 0, 0, 0, 4, 0, 9, 'k', 'k'}, // a name longer than the message
      {0, 0, 0, 0, 9, 0, 1, 'k', 0, 0, -1, -1, -1, -1}, // a value of a negative length
      {1, 0, 0, 0, 3, 0, 1, 'k'}, // a socket that did not come
    };
    for (byte[] each : wrong) {
      close();
      connect();
      int ignored = raw.write(ByteBuffer.wrap(each));
      assertThatThrownBy(left::receive).as(Arrays.toString(each)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void anEndIsSaid() throws IOException {
    int ignored = raw.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 9, 0, 1}));
    right.close();
    assertThatThrownBy(left::receive).isInstanceOf(EOFException.class);
  }

  @Test
  void nobodyIsWaitedForWithoutEnd() throws IOException {
    try (HandoverChannel hasty = HandoverChannel.connect(path, Duration.ofMillis(50));
        SocketChannel silent = listener.accept()) {
      assertThat(silent.isOpen()).isTrue();
      assertThatThrownBy(hasty::receive).hasMessageContaining("in time");
      assertThatThrownBy(() -> hasty.send(new Message("m").with("large", new byte[8 << 20])))
          .hasMessageContaining("in time");
    }
  }
}
