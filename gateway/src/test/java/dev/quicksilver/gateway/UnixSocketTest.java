package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnixSocketTest {
  @TempDir Path folder;

  @Test
  void carriesMoreThanTheKernelBuffersInBothDirections() throws Exception {
    try (ServerSocketChannel server = listen();
        Socket socket = connect();
        SocketChannel other = server.accept()) {
      byte[] sent = new byte[4 << 20];
      for (int i = 0; i < sent.length; i++) {
        sent[i] = (byte) (i * 31 + (i >> 8));
      }
      CompletableFuture<Void> echo = CompletableFuture.runAsync(() -> echo(other, sent.length));
      socket.getOutputStream().write(sent);
      assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
      echo.get(30, TimeUnit.SECONDS);
      other.shutdownOutput();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void endsAReadAtItsTimeoutAndGoesOnAfterwards() throws Exception {
    try (ServerSocketChannel server = listen();
        Socket socket = connect();
        SocketChannel other = server.accept()) {
      socket.setSoTimeout(10);
      assertThat(socket.getInputStream().available()).isZero();
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      other.write(ByteBuffer.wrap(new byte[] {7}));
      assertThat(socket.getInputStream().read()).isEqualTo(7);
    }
  }

  @Test
  void aCloseEndsAReadThatWaits() throws Exception {
    try (ServerSocketChannel server = listen();
        Socket socket = connect();
        SocketChannel other = server.accept()) {
      CompletableFuture<Integer> read =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return socket.getInputStream().read();
                } catch (IOException e) {
                  return -2;
                }
              });
      closeNow(socket);
      assertThat(read.get(30, TimeUnit.SECONDS)).isEqualTo(-2);
      assertThat(other.isOpen()).isTrue();
    }
  }

  @Test
  void namesTheSocketThatIsNotThere() {
    assertThatThrownBy(this::connect)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(path().toString());
  }

  private static void closeNow(Socket socket) throws IOException {
    socket.close();
  }

  private Path path() {
    return folder.resolve("s");
  }

  private ServerSocketChannel listen() throws IOException {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(path()));
  }

  private Socket connect() throws IOException {
    return new UnixSocketFactory(path().toString()).createSocket("ignored", 1);
  }

  private static void echo(SocketChannel channel, int length) {
    ByteBuffer all = ByteBuffer.allocate(length);
    try {
      while (all.hasRemaining()) {
        channel.read(all);
      }
      all.flip();
      while (all.hasRemaining()) {
        channel.write(all);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
