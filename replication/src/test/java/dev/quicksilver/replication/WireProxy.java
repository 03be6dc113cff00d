package dev.quicksilver.replication;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Stands between follower and upstream and changes what comes down, whole blocks at a time. */
final class WireProxy implements AutoCloseable {
  /** Turns the next block into what is passed on instead. */
  @FunctionalInterface
  interface Tamper {
    /** Frames of one block in, byte strings to send out; called by one thread per connection. */
    List<byte[]> block(List<byte[]> frames);
  }

  private final ServerSocket listener;
  private final int target;
  private final Tamper tamper;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  WireProxy(int target, Tamper tamper) throws IOException {
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    this.tamper = tamper;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket down = listener.accept();
        sockets.add(down);
        connect(down);
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    }
  }

  private void connect(Socket down) throws IOException {
    try {
      Socket up = new Socket(InetAddress.getLoopbackAddress(), target);
      sockets.add(up);
      Thread.ofVirtual().start(() -> pass(up, down, true));
      Thread.ofVirtual().start(() -> pass(down, up, false));
    } catch (ConnectException e) {
      down.close(); // the upstream is down
    }
  }

  private void pass(Socket from, Socket to, boolean tampers) {
    try (from;
        to) {
      if (tampers) {
        frames(from.getInputStream(), to.getOutputStream());
      } else {
        from.getInputStream().transferTo(to.getOutputStream());
      }
    } catch (IOException e) {
      // The other side is gone; closing both is all there is to do.
    }
  }

  private void frames(InputStream from, OutputStream to) throws IOException {
    DataInputStream in = new DataInputStream(from);
    DataOutputStream out = new DataOutputStream(to);
    out.write(in.readNBytes(Protocol.MAGIC_LENGTH));
    @Nullable List<byte[]> block = null;
    while (true) {
      int length = in.readInt();
      byte[] rest = in.readNBytes(1 + length + 4);
      byte[] frame = ByteBuffer.allocate(4 + rest.length).putInt(length).put(rest).array();
      int type = rest[0];
      if (type == MessageCodec.BLOCK_START) {
        block = new ArrayList<>();
      }
      if (block == null) {
        out.write(frame);
      } else {
        block.add(frame);
      }
      if (type == MessageCodec.BLOCK_END && block != null) {
        for (byte[] bytes : tamper.block(block)) {
          out.write(bytes);
        }
        block = null;
      }
      out.flush();
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
