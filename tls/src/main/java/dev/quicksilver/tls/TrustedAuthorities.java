package dev.quicksilver.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * What a client needs that asks servers and shows no certificate itself: whom it trusts, read once.
 * Who uses the sockets has to compare the server's name. Stateless.
 */
public final class TrustedAuthorities {
  private TrustedAuthorities() {}

  /**
   * Makes sockets that trust those whose certificate an authority has signed.
   *
   * @param authorities PEM files with the authorities' certificates; empty for those that the JDK
   *     knows
   * @throws TlsException if a file cannot be used
   */
  public static SSLSocketFactory sockets(List<Path> authorities) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, authorities.isEmpty() ? null : trust(authorities), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw new TlsException(
          "the certificates of authorities in "
              + authorities
              + " cannot be used ("
              + e.getMessage()
              + "): make the files again",
          e);
    }
  }

  /** Returns what trusts the authorities in the files, and nobody else. */
  static TrustManager[] trust(List<Path> authorities) throws GeneralSecurityException, IOException {
    KeyStore store = TlsMaterial.emptyStore();
    int count = 0;
    for (Path file : authorities) {
      for (X509Certificate authority : new PemFile(file, "authorities").certificates()) {
        store.setCertificateEntry("authority " + count++, authority);
      }
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    return managers.getTrustManagers();
  }
}
