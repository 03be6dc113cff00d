package dev.quicksilver.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Objects;
import javax.net.SocketFactory;

/**
 * Sockets to a PostgreSQL of the same machine through its Unix socket, for the driver's URL
 * parameters {@code socketFactory} (the name of this class) and {@code socketFactoryArg} (the path
 * of the socket, as in {@code /run/postgresql/.s.PGSQL.5432}). The host and port of the URL are not
 * used then. PostgreSQL makes a system call for each message of a slot, and one on a Unix socket
 * costs half of one on TCP.
 */
public final class UnixSocketFactory extends SocketFactory {
  private final UnixDomainSocketAddress address;

  /** Made by the driver, with the path of the socket. */
  public UnixSocketFactory(String path) {
    address = UnixDomainSocketAddress.of(Objects.requireNonNull(path));
  }

  @Override
  public Socket createSocket() throws IOException {
    return new UnixSocket(address);
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connected();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort)
      throws IOException {
    return connected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
      throws IOException {
    return connected();
  }

  private Socket connected() throws IOException {
    Socket socket = createSocket();
    SocketAddress unix = address;
    socket.connect(unix, 0);
    return socket;
  }
}
