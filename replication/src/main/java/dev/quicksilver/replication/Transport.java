package dev.quicksilver.replication;

import dev.quicksilver.tls.PeerCertificate;
import dev.quicksilver.tls.Tls;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/**
 * How nodes are connected, and how each knows whom it talks to: in plain text, on loopback only, or
 * with TLS both ways, on any address. With TLS a node is who its certificate says, and the name in
 * its hello has to be one of the certificate's. Thread-safe.
 */
public final class Transport {
  /** Plain text; refuses any address that is not loopback. */
  public static final Transport PLAIN = new Transport(Optional.empty(), List.of());

  /** The first byte of a TLS connection: a handshake record. */
  private static final int TLS_HANDSHAKE = 22;

  private final Optional<Tls> tls;
  private volatile NodePatterns followers;

  private Transport(Optional<Tls> tls, List<String> followers) {
    this.tls = tls;
    this.followers = new NodePatterns(followers);
  }

  /**
   * TLS.
   *
   * @param tls stays the caller's to close
   * @param followers which nodes may pull from this one, {@code *} stands for any characters; empty
   *     for every node with a certificate
   */
  public static Transport tls(Tls tls, List<String> followers) {
    return new Transport(Optional.of(tls), followers);
  }

  /** Returns whether it is TLS. */
  public boolean isSecure() {
    return tls.isPresent();
  }

  /**
   * Resolves an address that this node listens on, or is configured to reach.
   *
   * @throws ReplicationException if it cannot be resolved, or would take plain text off this
   *     machine
   */
  InetSocketAddress address(String host, int port, String what) {
    try {
      return resolve(host, port, what);
    } catch (UnknownHostException e) {
      throw new ReplicationException(
          what + " " + host + ":" + port + " cannot be resolved; check the host name", e);
    } catch (IOException e) {
      throw new ReplicationException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * The same for a connection that is about to be made: a name server may be well again later, and
   * may say something else.
   *
   * @throws UnknownHostException if it cannot be resolved now
   * @throws IOException if it would take plain text off this machine
   */
  InetSocketAddress resolve(String host, int port, String what) throws IOException {
    InetAddress address = InetAddress.getByName(host);
    if (tls.isEmpty() && !address.isLoopbackAddress()) {
      throw new IOException(
          what
              + " "
              + host
              + ":"
              + port
              + " is not a loopback address; replication beyond this machine needs TLS: set"
              + " replication.tls-certificate, replication.tls-key and"
              + " replication.tls-authorities, or use 127.0.0.1");
    }
    return new InetSocketAddress(address, port);
  }

  /** Does the server's part before the hellos. */
  void accept(Connection connection, NodeIdentity self) throws IOException {
    if (tls.isEmpty()) {
      return;
    }
    int first = connection.tcp().getInputStream().read();
    if (first < 0) {
      throw new EOFException("the peer closed the connection");
    }
    if (first == TLS_HANDSHAKE) {
      connection.secured(tls.get().accept(connection.tcp(), new byte[] {(byte) first}));
    } else {
      // A follower in plain text can read a refusal in plain text.
      connection.refuse(
          Refusal.of(
              RefusalCode.NOT_AUTHORIZED,
              "node \""
                  + self.name()
                  + "\" speaks TLS only, and the peer came in plain text: give the peer a"
                  + " certificate (replication.tls-certificate)"));
    }
  }

  /** Does the client's part before the hellos. */
  void connect(Connection connection, Upstream upstream) throws IOException {
    if (tls.isEmpty()) {
      return;
    }
    connection.secured(tls.get().connect(connection.tcp(), upstream.host(), upstream.port()));
    PeerCertificate shown = connection.peer().orElseThrow();
    Optional<String> stranger = upstream.node().filter(wanted -> !shown.names(wanted));
    if (stranger.isPresent()) {
      throw new RefusedException(
          RefusalCode.NOT_AUTHORIZED,
          "upstream "
              + upstream
              + " should be node \""
              + stranger.get()
              + "\", but its certificate names "
              + shown.spoken()
              + "; correct the address, or the node's name before the @");
    }
  }

  /** Checks a follower's name, as its hello has it. */
  void checkFollower(Connection connection, String node, NodeIdentity self)
      throws RefusedException {
    if (tls.isEmpty()) {
      return;
    }
    PeerCertificate shown = connection.peer().orElseThrow();
    if (!shown.names(node)) {
      throw new RefusedException(
          RefusalCode.NOT_AUTHORIZED,
          "the follower says that it is node \""
              + node
              + "\", but its certificate names "
              + shown.spoken()
              + "; correct its node.name, or give it a certificate with that DNS name");
    }
    if (!followers.matches(node)) {
      throw new RefusedException(
          RefusalCode.NOT_AUTHORIZED,
          "node \""
              + node
              + "\" may not follow node \""
              + self.name()
              + "\", whose replication.followers are "
              + followers
              + "; add it there, or use another upstream");
    }
  }

  /**
   * Lets other followers in from now on; those that are connected stay, see {@link
   * ReplicationServer#judgeFollowers}. Without TLS there is nothing to judge them by.
   *
   * @param patterns as in {@link #tls}
   */
  public void follow(List<String> patterns) {
    if (tls.isPresent()) {
      followers = new NodePatterns(patterns);
    }
  }

  /** Returns whether a node may follow, by its name. */
  boolean admits(String node) {
    return tls.isEmpty() || followers.matches(node);
  }

  /** Checks an upstream's name, as its hello has it. */
  void checkUpstream(Connection connection, Upstream upstream, String node)
      throws RefusedException {
    Optional<String> certificate =
        connection.peer().filter(shown -> !shown.names(node)).map(PeerCertificate::spoken);
    if (certificate.isPresent()) {
      throw new RefusedException(
          RefusalCode.NOT_AUTHORIZED,
          "upstream "
              + upstream
              + " says that it is node \""
              + node
              + "\", but its certificate names "
              + certificate.get()
              + "; correct its node.name, or give it a certificate with that DNS name");
    }
    if (upstream.node().filter(wanted -> !wanted.equals(node)).isPresent()) {
      throw new RefusedException(
          RefusalCode.NOT_AUTHORIZED,
          "upstream "
              + upstream
              + " should be node \""
              + upstream.node().get()
              + "\", but says that it is \""
              + node
              + "\"; correct the address, or the node's name before the @");
    }
  }

  /** Says what an exception on the connection means, if TLS is its cause. */
  IOException explain(IOException e, String peer) {
    return tls.isEmpty() ? e : tls.get().explain(e, peer);
  }
}
