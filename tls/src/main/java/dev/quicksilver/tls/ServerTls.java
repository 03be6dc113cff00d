package dev.quicksilver.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/**
 * A server's certificate for clients of all kinds: TLS 1.2 and 1.3, and a client's certificate is
 * looked at if it shows one and there are authorities to judge it. New files are taken for new
 * connections without a restart. Thread-safe.
 */
public final class ServerTls implements AutoCloseable {
  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  private final TlsWatch watch;

  /**
   * A connection after the handshake.
   *
   * @param socket its streams; close the socket below it to end it at once
   * @param client whom the client's certificate names, if it has shown one; an authority of ours
   *     has signed it
   * @param endPoint the hash of the server's certificate that channel binding of the kind
   *     tls-server-end-point is about (RFC 5929)
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared as a whole
  public record Accepted(SSLSocket socket, Optional<PeerCertificate> client, byte[] endPoint) {}

  private ServerTls(TlsWatch watch) {
    this.watch = watch;
  }

  /**
   * Reads the files and looks at them again every 5 to 10 seconds. A certificate that has expired
   * is no reason not to start: clients that check it refuse it, and the status says why.
   *
   * @param files without authorities if no client's certificate is asked for
   * @throws TlsException if they cannot be used whatever the time
   */
  public static ServerTls load(TlsFiles files) {
    return load(files, TlsWatch.LOOK_EVERY, InstantSource.system());
  }

  /** The same with another longest time between two looks, and another clock. */
  public static ServerTls load(TlsFiles files, Duration lookEvery, InstantSource clock) {
    return new ServerTls(new TlsWatch(files, Optional.empty(), lookEvery, clock));
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
   * A context for a server that makes its connections itself; each has the certificate that is in
   * use when it begins. Client certificates are not looked at.
   */
  public SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          new KeyManager[] {new CurrentKey(() -> watch.material().key())},
          new TrustManager[0],
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot do TLS", e);
    }
  }

  /**
   * Does the server's part of the handshake on a connected socket; each read waits as long as the
   * socket's timeout says. The socket stays the caller's to close.
   *
   * @param taken what was already read off the socket
   * @param protocol the application protocol; a client that names others is refused
   * @throws IOException if there is no TLS with this client, with the reason
   */
  public Accepted accept(Socket socket, byte[] taken, String protocol) throws IOException {
    TlsMaterial material = watch.material();
    SSLSocket secure =
        (SSLSocket)
            material
                .context()
                .getSocketFactory()
                .createSocket(socket, new ByteArrayInputStream(taken), false);
    secure.setUseClientMode(false);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setProtocols(VERSIONS);
    parameters.setApplicationProtocols(new String[] {protocol});
    parameters.setWantClientAuth(!watch.files().authorities().isEmpty());
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return new Accepted(secure, client(secure), endPoint(material.certificate()));
  }

  private static Optional<PeerCertificate> client(SSLSocket secure) throws IOException {
    try {
      return secure.getSession().getPeerCertificates()[0] instanceof X509Certificate certificate
          ? Optional.of(PeerCertificate.of(certificate))
          : Optional.empty();
    } catch (SSLPeerUnverifiedException e) {
      return Optional.empty(); // it has shown none
    } catch (CertificateParsingException e) {
      throw new IOException("the client's certificate cannot be read", e);
    }
  }

  /** RFC 5929, 4.1: by the signature's hash, but by SHA-256 where that is MD5 or SHA-1. */
  private static byte[] endPoint(X509Certificate certificate) {
    String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
    String hash =
        List.of("SHA384", "SHA512", "SHA224").stream()
            .filter(signature::startsWith)
            .findFirst()
            .map(name -> "SHA-" + name.substring(3))
            .orElse("SHA-256");
    try {
      return MessageDigest.getInstance(hash).digest(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read has no bytes", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + hash, e);
    }
  }

  /** Ends the looking at files; connections go on. */
  @Override
  public void close() {
    watch.close();
  }
}
