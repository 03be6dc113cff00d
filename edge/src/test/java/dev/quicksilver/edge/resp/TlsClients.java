package dev.quicksilver.edge.resp;

import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** A certificate for a server of this machine, and clients that trust it. */
final class TlsClients {
  private TlsClients() {}

  /** Makes an authority in a folder, and there a certificate of "edge". */
  static TlsFiles issue(Path folder) throws IOException {
    CertificateAuthority authority = CertificateAuthority.openOrCreate(folder);
    Instant now = Instant.now();
    return authority.issue(
        "edge", List.of("127.0.0.1"), now.minusSeconds(60), now.plusSeconds(86_400));
  }

  static Socket connect(SSLContext context, int port, String version) throws IOException {
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
    socket.setEnabledProtocols(new String[] {version});
    socket.startHandshake();
    return socket;
  }

  /** Trusts the authority in a folder. */
  static SSLContext trusting(Path folder) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(folder.resolve("ca.pem"))) {
      store.setCertificateEntry(
          "authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
