package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.Random;

/** A connected socket on which something happens to what is sent, at one place. */
final class TamperedSocket extends Socket {
  private final Socket below;
  private final Random random;
  private int left;

  /**
   * Takes a socket.
   *
   * @param place after so many bytes
   */
  TamperedSocket(Socket below, Random random, int place) {
    this.below = below;
    this.random = random;
    this.left = place;
  }

  private void write(OutputStream out, byte[] bytes, int from, int count) throws IOException {
    if (left < 0 || count <= left) {
      if (left >= 0) {
        left -= count;
      }
      out.write(bytes, from, count);
      return;
    }
    int at = from + left;
    left = -1;
    out.write(bytes, from, at - from);
    switch (random.nextInt(6)) {
      case 0 -> {
        below.shutdownOutput();
        throw new SocketException("cut");
      }
      case 1 -> {
        below.close();
        throw new SocketException("gone");
      }
      case 2 -> { // a record of any type, maybe too long
        byte[] noise = new byte[5 + random.nextInt(200)];
        random.nextBytes(noise);
        noise[0] = (byte) (20 + random.nextInt(5));
        noise[1] = 3;
        noise[2] = 3;
        out.write(noise);
        out.write(bytes, at, from + count - at);
      }
      case 3 -> out.write(bytes, at + 1, from + count - at - 1); // a byte is lost
      case 4 -> {
        byte[] rest = new byte[from + count - at];
        random.nextBytes(rest);
        out.write(rest);
      }
      default -> {
        byte[] changed = bytes.clone();
        changed[at] ^= (byte) (1 << random.nextInt(8));
        out.write(changed, at, from + count - at);
      }
    }
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    OutputStream out = below.getOutputStream();
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        TamperedSocket.this.write(out, new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        TamperedSocket.this.write(out, bytes, from, count);
      }
    };
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return below.getInputStream();
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    below.setSoTimeout(millis);
  }

  @Override
  public InetAddress getInetAddress() {
    return below.getInetAddress();
  }

  @Override
  public int getPort() {
    return below.getPort();
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return below.getRemoteSocketAddress();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
