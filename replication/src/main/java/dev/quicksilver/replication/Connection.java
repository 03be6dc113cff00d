package dev.quicksilver.replication;

import dev.quicksilver.tls.PeerCertificate;
import dev.quicksilver.tls.SecureSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection, in plain text until {@link Transport} puts TLS on it. One thread sets it up;
 * {@link #close()} is for any thread at any time and never waits for the peer.
 */
final class Connection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final Duration DRAIN = Duration.ofSeconds(2);

  private final Socket tcp;
  private Socket streams;
  private Optional<PeerCertificate> peer = Optional.empty();
  private Optional<Refusal> refusal = Optional.empty();

  Connection(Socket tcp) {
    this.tcp = tcp;
    this.streams = tcp;
  }

  void connect(InetSocketAddress to, int millis) throws IOException {
    tcp.connect(to, millis);
  }

  /** Sets how long a read waits for the next bytes, 0 for ever. */
  void timeout(Duration limit) throws IOException {
    tcp.setSoTimeout(Math.clamp(limit.toMillis(), limit.isZero() ? 0 : 1, Integer.MAX_VALUE));
  }

  void noDelay() throws IOException {
    tcp.setTcpNoDelay(true);
  }

  Socket tcp() {
    return tcp;
  }

  void secured(SecureSocket by) {
    streams = by.socket();
    peer = Optional.of(by.peer());
  }

  /** Notes that nothing may be said on it but this. */
  void refuse(Refusal no) {
    refusal = Optional.of(no);
  }

  Optional<Refusal> refusal() {
    return refusal;
  }

  /** Returns whom the other end has proven to be; empty in plain text. */
  Optional<PeerCertificate> peer() {
    return peer;
  }

  InputStream in() throws IOException {
    return streams.getInputStream();
  }

  OutputStream out() throws IOException {
    return streams.getOutputStream();
  }

  SocketAddress remote() {
    return tcp.getRemoteSocketAddress();
  }

  /** Says that nothing more will come; the other direction stays open. */
  void endOutput() throws IOException {
    streams.shutdownOutput();
    if (!tcp.isOutputShutdown()) {
      tcp.shutdownOutput();
    }
  }

  /**
   * Ends the output and takes what the peer still sends, a little and for 2 s at most: closing with
   * unread input would throw away what was written last.
   */
  void endAndDrain() throws IOException {
    try (Deadline _ = Deadline.start(DRAIN, this::close)) {
      if (!tcp.isOutputShutdown()) {
        tcp.shutdownOutput();
      }
      byte[] sink = new byte[4096];
      InputStream rest = tcp.getInputStream();
      for (int i = 0; i < 256 && rest.read(sink) >= 0; i++) {
        LOG.trace("input after the end of {}", tcp);
      }
    }
  }

  @Override
  public void close() {
    try {
      tcp.close();
    } catch (IOException e) {
      LOG.debug("closing the connection to {} failed", tcp, e);
    }
  }
}
