package dev.quicksilver.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;

/**
 * A connection after the handshake. To end it at once, from any thread, close the socket that it
 * was made on: closing this one would wait for a peer that reads nothing.
 *
 * @param socket streams and half-close of the protected connection
 */
public record SecureSocket(Socket socket, PeerCertificate peer) {
  static SecureSocket of(SSLSocket socket) throws IOException {
    try {
      if (socket.getSession().getPeerCertificates()[0] instanceof X509Certificate certificate) {
        return new SecureSocket(socket, PeerCertificate.of(certificate));
      }
      throw new SSLPeerUnverifiedException("the peer's certificate is not an X.509 one");
    } catch (CertificateParsingException e) {
      throw new IOException("the peer's certificate cannot be read", e);
    }
  }
}
