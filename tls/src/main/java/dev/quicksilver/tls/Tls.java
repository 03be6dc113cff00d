package dev.quicksilver.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * This node's certificate and whom it trusts, as the files say: for connections between nodes, each
 * of which proves who it is. New files are taken for new connections without a restart; files that
 * cannot be used leave what was there in use. Thread-safe.
 */
public final class Tls implements AutoCloseable {
  private static final String[] VERSIONS = {"TLSv1.3"};

  private final TlsWatch watch;

  /**
   * Reads the files and looks at them again every 5 to 10 seconds. A certificate that has expired,
   * or is not valid yet by this machine's clock, is no reason not to start: a node serves what it
   * has, peers refuse it, and the status says why until it is renewed or the clock is right.
   *
   * @param node this node's name; the certificate has to carry it
   * @throws TlsException if they cannot be used whatever the time
   */
  public static Tls load(TlsFiles files, String node) {
    return load(files, node, TlsWatch.LOOK_EVERY, InstantSource.system());
  }

  /** The same with another longest time between two looks, and another clock. */
  public static Tls load(TlsFiles files, String node, Duration lookEvery, InstantSource clock) {
    if (files.authorities().isEmpty()) {
      throw new TlsException(
          "no file with the certificates of authorities: name at least one, or no other node can be"
              + " trusted",
          null);
    }
    return new Tls(new TlsWatch(files, Optional.of(node), lookEvery, clock));
  }

  private Tls(TlsWatch watch) {
    this.watch = watch;
  }

  /** Looks once whether the files have changed. */
  void look() {
    watch.look();
  }

  /** Returns what is in use now. */
  public TlsStatus status() {
    return watch.status();
  }

  /** Returns how long the certificate is valid yet; negative once it has expired. */
  public Duration remaining() {
    return watch.remaining();
  }

  /**
   * Does the server's part of the handshake on a connected socket; blocks as its peer likes, so
   * close the socket when it takes too long. The socket stays the caller's to close.
   *
   * @param taken what was already read off the socket
   * @throws TlsPeerException if the peer has no acceptable certificate, or this node has none for
   *     it
   */
  public SecureSocket accept(Socket socket, byte[] taken) throws IOException {
    try {
      SSLSocket secure =
          (SSLSocket)
              watch
                  .material()
                  .context()
                  .getSocketFactory()
                  .createSocket(socket, new ByteArrayInputStream(taken), false);
      secure.setUseClientMode(false);
      return handshake(secure);
    } catch (IOException e) {
      throw PeerFailures.explain(
          e,
          "the connection from " + socket.getRemoteSocketAddress(),
          watch.files(),
          watch.status().expires());
    }
  }

  /**
   * Does the client's part; as {@link #accept}.
   *
   * @param host the name or address that the socket was connected to
   */
  public SecureSocket connect(Socket socket, String host, int port) throws IOException {
    try {
      SSLSocket secure =
          (SSLSocket)
              watch.material().context().getSocketFactory().createSocket(socket, host, port, false);
      return handshake(secure);
    } catch (IOException e) {
      throw PeerFailures.explain(
          e, "upstream " + host + ":" + port, watch.files(), watch.status().expires());
    }
  }

  private static SecureSocket handshake(SSLSocket secure) throws IOException {
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setProtocols(VERSIONS);
    if (!secure.getUseClientMode()) {
      parameters.setNeedClientAuth(true);
    }
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return SecureSocket.of(secure);
  }

  /**
   * Says what an exception on an established connection means, if TLS is its cause: the server
   * judges a client's certificate when the client already reads.
   */
  public IOException explain(IOException e, String peer) {
    return PeerFailures.explain(e, peer, watch.files(), watch.status().expires());
  }

  /** Ends the looking at files; connections go on. */
  @Override
  public void close() {
    watch.close();
  }
}
