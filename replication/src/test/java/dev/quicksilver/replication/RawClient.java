package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.storage.record.ChainHash;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.UUID;

/** A client that says exactly what a test wants it to say. */
final class RawClient implements AutoCloseable {
  final Socket socket;
  final FrameInput in;
  final FrameOutput out;

  RawClient(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(Math.toIntExact(Await.LIMIT.toMillis()));
    in = new FrameInput(socket.getInputStream());
    out = new FrameOutput(socket.getOutputStream());
  }

  /** The same over another transport. */
  RawClient(int port, Transport transport) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(Math.toIntExact(Await.LIMIT.toMillis()));
    Connection connection = new Connection(socket);
    transport.connect(connection, Upstream.primary("127.0.0.1", port));
    in = new FrameInput(connection.in());
    out = new FrameOutput(connection.out());
  }

  /** Says hello and returns the answer. */
  Message ask(ClientHello hello) throws IOException {
    out.writeMagic();
    out.write(hello);
    out.flush();
    in.readMagic();
    Message answer = in.read();
    if (answer instanceof ServerHello server) {
      in.handshakeDone(server.version());
      out.speak(server.version());
    }
    return answer;
  }

  static ClientHello follow(String database, UUID id, long lastSequence, ChainHash hash) {
    return new ClientHello(
        1,
        1,
        UUID.randomUUID(),
        Purpose.FOLLOW,
        false,
        Protocol.CODEC_SNAPPY,
        id,
        lastSequence,
        hash,
        0,
        database,
        "raw",
        "test");
  }

  /** Reads whatever comes until the other side hangs up. */
  void awaitHangUp() throws IOException {
    awaitHangUp(socket);
  }

  /** The same of any socket. */
  static void awaitHangUp(Socket socket) throws IOException {
    socket.setSoTimeout(Math.toIntExact(Await.LIMIT.toMillis()));
    byte[] buffer = new byte[1 << 16];
    try {
      while (socket.getInputStream().read(buffer) >= 0) {
        // What was sent before it hung up.
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("still connected", e);
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
