package dev.quicksilver.gateway;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * A socket of the JDK's old kind on a Unix socket, with the read timeout that the driver needs and
 * that the JDK's own stream of such a channel lacks. One thread may read while another writes; any
 * may close it, which ends both with an exception.
 */
final class UnixSocket extends Socket {
  private static final int BUFFER = 64 << 10;

  private final UnixDomainSocketAddress address;
  private final SocketChannel channel;
  private final Selector readable;
  private final Selector writable;
  private volatile int timeoutMillis;
  private volatile boolean connected;
  private volatile boolean closed;

  UnixSocket(UnixDomainSocketAddress address) throws IOException {
    this.address = address;
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    readable = Selector.open();
    writable = Selector.open();
  }

  /** Connects to the socket's own address, whatever the driver says. */
  @Override
  public void connect(SocketAddress ignored, int timeout) throws IOException {
    try {
      channel.connect(address);
      channel.configureBlocking(false);
      channel.register(readable, SelectionKey.OP_READ);
      channel.register(writable, SelectionKey.OP_WRITE);
      connected = true;
    } catch (IOException e) {
      close();
      throw new SocketException("cannot connect to the Unix socket " + address + ": " + e, e);
    }
  }

  @Override
  public void connect(SocketAddress ignored) throws IOException {
    connect(ignored, 0);
  }

  @Override
  public InputStream getInputStream() {
    return new In();
  }

  @Override
  public OutputStream getOutputStream() {
    return new Out();
  }

  private final class In extends InputStream {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).flip();

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (!buffer.hasRemaining() && !fill()) {
        return -1;
      }
      int count = Math.min(length, buffer.remaining());
      buffer.get(bytes, offset, count);
      return count;
    }

    /** What can be read without waiting. */
    @Override
    public int available() throws IOException {
      if (!buffer.hasRemaining()) {
        receive();
      }
      return buffer.remaining();
    }

    private boolean fill() throws IOException {
      int count = receive();
      int timeout = timeoutMillis;
      long deadline = System.nanoTime() + timeout * 1_000_000L;
      while (count == 0) {
        long left = timeout == 0 ? 0 : (deadline - System.nanoTime() + 999_999) / 1_000_000;
        if (timeout != 0 && left <= 0) {
          throw new SocketTimeoutException("nothing came from " + address + " in time");
        }
        await(readable, left);
        count = receive();
      }
      return count > 0;
    }

    private int receive() throws IOException {
      buffer.clear();
      int count = 0;
      try {
        count = channel.read(buffer);
      } finally {
        buffer.flip();
      }
      return count;
    }

    @Override
    public void close() throws IOException {
      UnixSocket.this.close();
    }
  }

  private final class Out extends OutputStream {
    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
      while (rest.hasRemaining()) {
        if (channel.write(rest) == 0) {
          await(writable, 0);
        }
      }
    }

    @Override
    public void close() throws IOException {
      UnixSocket.this.close();
    }
  }

  private void await(Selector selector, long millis) throws IOException {
    try {
      selector.select(millis);
      selector.selectedKeys().clear();
    } catch (ClosedSelectorException e) {
      throw new SocketException("the Unix socket " + address + " was closed", e);
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new EOFException("interrupted while waiting for " + address);
    }
  }

  @Override
  public void setSoTimeout(int millis) {
    timeoutMillis = millis;
  }

  @Override
  public int getSoTimeout() {
    return timeoutMillis;
  }

  @Override
  public boolean isConnected() {
    return connected;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public InetAddress getInetAddress() {
    return InetAddress.getLoopbackAddress();
  }

  @Override
  public void setTcpNoDelay(boolean on) {
    // There is no delay.
  }

  @Override
  public void setKeepAlive(boolean on) {
    // The kernel knows when the other side is gone.
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    channel.close();
    readable.close();
    writable.close();
  }
}
