package dev.quicksilver.replication;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between follower and upstream and cuts connections after so many bytes came down. */
final class CutProxy implements AutoCloseable {
  /** After how many bytes a connection is cut. */
  @FunctionalInterface
  interface Limit {
    /** Asked when a connection is accepted: its number, from 0, and how many were cut so far. */
    long bytes(int connection, int cuts);
  }

  private final ServerSocket listener;
  private final int target;
  private final Limit limit;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger cuts = new AtomicInteger();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  CutProxy(int target, Limit limit) throws IOException {
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    this.limit = limit;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Returns how many connections were cut. */
  int cuts() {
    return cuts.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket down = listener.accept();
        sockets.add(down);
        Socket up = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(up);
        long bytes = limit.bytes(connections.getAndIncrement(), cuts.get());
        Thread.ofVirtual().start(() -> pass(up, down, bytes));
        Thread.ofVirtual().start(() -> pass(down, up, Long.MAX_VALUE));
      } catch (IOException e) {
        // The target is down, or this is closed: the follower sees a closed connection.
        sockets.forEach(CutProxy::close);
      }
    }
  }

  private void pass(Socket from, Socket to, long bytes) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      long left = bytes;
      while (left > 0) {
        int length = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (length < 0) {
          return;
        }
        out.write(buffer, 0, length);
        left -= length;
      }
      cuts.incrementAndGet();
    } catch (IOException e) {
      // The other side is gone; closing both is all there is to do.
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    sockets.forEach(CutProxy::close);
  }
}
