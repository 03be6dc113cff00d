package dev.quicksilver.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a node and PostgreSQL. When it parts them the node loses its connections and gets
 * no others, while PostgreSQL goes on believing in the old ones.
 */
final class PartedProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final Set<Socket> downs = ConcurrentHashMap.newKeySet();
  private final Set<Socket> ups = ConcurrentHashMap.newKeySet();
  private volatile boolean parted;

  PartedProxy(int target) throws IOException {
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  void part() {
    parted = true;
    downs.forEach(PartedProxy::close);
  }

  void join() {
    parted = false;
    ups.forEach(PartedProxy::close);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket down = listener.accept();
        downs.add(down);
        if (parted) {
          down.close();
          continue;
        }
        Socket up = new Socket(InetAddress.getLoopbackAddress(), target);
        ups.add(up);
        Thread.ofVirtual().start(() -> pass(up, down));
        Thread.ofVirtual().start(() -> pass(down, up));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private void pass(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // One side is gone; so is the other, now, if the two are not parted.
    }
    if (!parted) {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    downs.forEach(PartedProxy::close);
    ups.forEach(PartedProxy::close);
  }
}
