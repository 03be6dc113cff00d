package dev.quicksilver.benchmarks;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Sets many pairs of a Redis over one connection, and looks at the replies now and then. */
final class RedisPipe implements AutoCloseable {
  private static final int AT_ONCE = 1_000;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private int waiting;

  RedisPipe(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream());
    out = new BufferedOutputStream(socket.getOutputStream(), 1 << 20);
  }

  void set(byte[] key, byte[] value) throws IOException {
    write("*3\r\n$3\r\nSET\r\n$" + key.length + "\r\n");
    out.write(key);
    write("\r\n$" + value.length + "\r\n");
    out.write(value);
    write("\r\n");
    if (++waiting == AT_ONCE) {
      finish();
    }
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Waits until all were set. */
  void finish() throws IOException {
    out.flush();
    for (; waiting > 0; waiting--) {
      int first = in.read();
      int each = first;
      while (each != '\n') {
        if (each < 0) {
          throw new EOFException("Redis has closed the connection");
        }
        each = in.read();
      }
      if (first != '+') {
        throw new IOException("SET was refused");
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
