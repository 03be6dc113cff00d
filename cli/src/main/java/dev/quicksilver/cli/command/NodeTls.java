package dev.quicksilver.cli.command;

import dev.quicksilver.tls.HandshakeFailure;
import dev.quicksilver.tls.TrustedAuthorities;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;

/**
 * TLS to a node: whom a command trusts, and what it means when that fails. Apart from {@link
 * NodeClient}, so that a command that asks a node of this machine loads nothing of it. The JDK
 * compares the host with the certificate's names.
 */
final class NodeTls {
  private final List<Path> authorities;
  private final SSLSocketFactory sockets;

  /**
   * Reads the files.
   *
   * @param authorities whose certificates are trusted; empty for those that Java knows
   * @throws dev.quicksilver.tls.TlsException if a file cannot be used
   */
  NodeTls(List<Path> authorities) {
    this.authorities = List.copyOf(authorities);
    this.sockets = TrustedAuthorities.sockets(authorities);
  }

  /** Has a request to an https address trust them. */
  void secure(HttpURLConnection request) {
    ((HttpsURLConnection) request).setSSLSocketFactory(sockets);
  }

  /** Returns why there is no TLS with the host, and the cure; empty if that is not the matter. */
  Optional<String> why(IOException e, String host) {
    return e instanceof SSLException tls
        ? Optional.of(why(HandshakeFailure.of(tls), host))
        : Optional.empty();
  }

  private String why(HandshakeFailure failure, String host) {
    return switch (failure.kind()) {
      case NO_TLS ->
          "it speaks no TLS: leave https:// away if it is a node in plain text, or correct the"
              + " address";
      case UNTRUSTED ->
          authorities.isEmpty()
              ? "its certificate is not signed by an authority that Java knows: name the file with"
                  + " the certificate of yours ("
                  + NodeFlags.CA_FILE
                  + " ca.pem)"
              : "its certificate is not signed by an authority in "
                  + authorities
                  + ": name the file with the certificate of the one that has signed it ("
                  + NodeFlags.CA_FILE
                  + ")";
      case OTHER_NAME ->
          "its certificate is not for "
              + host
              + " ("
              + failure.detail().strip()
              + "): ask by a name or an address that is in it, or make it anew with this one"
              + " (`quicksilver certificates … --host "
              + host
              + "`)";
      case EXPIRED -> "its certificate has expired (" + failure.detail() + "): renew it there";
      case NOT_YET_VALID ->
          "its certificate is not valid yet ("
              + failure.detail()
              + "): compare the clocks of both machines";
      case ALERT ->
          "it ended the handshake (" + failure.detail() + "): is this its http.listen address?";
      case CLOSED -> "it closed the connection during the handshake: its log says why";
      case UNACCEPTABLE, NO_CERTIFICATE, OTHER ->
          failure.detail() + ": is this its http.listen address?";
    };
  }
}
