package dev.quicksilver.benchmarks;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A client of protocol 3.0 that does next to nothing with rows: it counts them. The server has to
 * let it in without a password.
 */
final class CursorReader implements AutoCloseable {
  private static final int PROTOCOL = 3 << 16;

  private final Socket socket;
  private final OutputStream out;
  private final DataInputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int next;
  private int end;

  /** Connects to a port of this machine. */
  CursorReader(int port, String user, String database) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    out = socket.getOutputStream();
    in = new DataInputStream(socket.getInputStream());
    byte[] names = bytes("user\0" + user + "\0database\0" + database + "\0\0");
    ByteBuffer message = ByteBuffer.allocate(8 + names.length);
    message.putInt(8 + names.length).putInt(PROTOCOL).put(names);
    out.write(message.array());
    receive();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Runs a statement; returns how many rows came. */
  long run(String sql) throws IOException {
    byte[] text = bytes(sql + "\0");
    ByteBuffer message = ByteBuffer.allocate(5 + text.length);
    message.put((byte) 'Q').putInt(4 + text.length).put(text);
    out.write(message.array());
    return receive();
  }

  private long receive() throws IOException {
    long rows = 0;
    while (true) {
      require(5);
      byte type = buffer[next];
      int length = ByteBuffer.wrap(buffer).getInt(next + 1) - 4;
      next += 5;
      if (type == 'E') {
        require(Math.min(length, buffer.length));
        throw new IOException(new String(buffer, next, length, StandardCharsets.UTF_8));
      }
      skip(length);
      if (type == 'D') {
        rows++;
      } else if (type == 'Z') {
        return rows;
      }
    }
  }

  private void require(int bytes) throws IOException {
    if (end - next >= bytes) {
      return;
    }
    System.arraycopy(buffer, next, buffer, 0, end - next);
    end -= next;
    next = 0;
    while (end < bytes) {
      fill();
    }
  }

  private void skip(int bytes) throws IOException {
    int left = bytes;
    while (left > end - next) {
      left -= end - next;
      next = 0;
      end = 0;
      fill();
    }
    next += left;
  }

  private void fill() throws IOException {
    int read = in.read(buffer, end, buffer.length - end);
    if (read < 0) {
      throw new EOFException("the server closed the connection");
    }
    end += read;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
