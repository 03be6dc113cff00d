package dev.quicksilver.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;

/** One state of the files, checked: what connections are made with. Immutable. */
final class TlsMaterial {
  private static final String SERVER_USE = "1.3.6.1.5.5.7.3.1";
  private static final List<String> BOTH_USES = List.of(SERVER_USE, "1.3.6.1.5.5.7.3.2");

  private final KeyManager[] keys;
  private final TrustManager[] trust;
  private final X509Certificate certificate;
  private final PemFile file;

  private TlsMaterial(
      KeyManager[] keys, TrustManager[] trust, X509Certificate certificate, PemFile file) {
    this.keys = keys;
    this.trust = trust;
    this.certificate = certificate;
    this.file = file;
  }

  /**
   * Reads and checks the files, all but the time: see {@link #requireValid}.
   *
   * @param node the name that the certificate has to carry, if it is for both ends of connections
   *     between nodes; empty for a server's
   * @throws TlsException with the first problem
   */
  static TlsMaterial load(TlsFiles files, Optional<String> node) {
    PemFile certificateFile = new PemFile(files.certificate(), "certificate");
    List<X509Certificate> chain = certificateFile.certificates();
    PemFile keyFile = new PemFile(files.key(), "private key");
    PrivateKey key = keyFile.key();
    X509Certificate own = chain.getFirst();
    try {
      checkKey(files, chain, key, keyFile);
      if (node.isPresent()) {
        checkUse(own, node.get(), certificateFile);
      } else {
        checkServes(own, certificateFile);
      }
      KeyStore keyStore = emptyStore();
      keyStore.setKeyEntry("node", key, new char[0], chain.toArray(X509Certificate[]::new));
      KeyManagerFactory keyManagers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keyManagers.init(keyStore, new char[0]);
      return new TlsMaterial(
          keyManagers.getKeyManagers(),
          files.authorities().isEmpty()
              ? new TrustManager[0]
              : TrustedAuthorities.trust(files.authorities()),
          own,
          certificateFile);
    } catch (GeneralSecurityException | IOException e) {
      throw certificateFile.problem("cannot be used (" + e.getMessage() + "): make it again", e);
    }
  }

  static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static void checkKey(
      TlsFiles files, List<X509Certificate> chain, PrivateKey key, PemFile keyFile)
      throws GeneralSecurityException {
    for (int i = 0; i < chain.size(); i++) {
      if (!belongs(key, chain.get(i).getPublicKey(), keyFile)) {
        continue;
      }
      if (i > 0) {
        throw keyFile.problem(
            "belongs to certificate "
                + (i + 1)
                + " of "
                + files.certificate()
                + ": the node's own certificate must stand first there",
            null);
      }
      return;
    }
    throw keyFile.problem(
        "does not belong to the certificate in "
            + files.certificate()
            + ": name the two that were made together",
        null);
  }

  private static boolean belongs(PrivateKey own, PublicKey published, PemFile file)
      throws GeneralSecurityException {
    String algorithm =
        switch (own.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default ->
              throw file.problem(
                  "has a key of kind " + own.getAlgorithm() + ": use EC (P-256) or RSA", null);
        };
    if (!published.getAlgorithm().equals(own.getAlgorithm())) {
      return false;
    }
    byte[] text = {1, 2, 3};
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(own);
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(published);
    signature.update(text);
    try {
      return signature.verify(signed);
    } catch (java.security.SignatureException e) {
      return false; // another curve or key length
    }
  }

  /**
   * Checks the time, which no file is to blame for.
   *
   * @throws TlsException if the certificate has expired, or is not valid yet
   */
  void requireValid(Instant now) {
    try {
      certificate.checkValidity(Date.from(now));
    } catch (CertificateExpiredException e) {
      throw file.problem("expired at " + notAfter() + ": renew it", e);
    } catch (CertificateNotYetValidException e) {
      throw file.problem(
          "is valid only from "
              + certificate.getNotBefore().toInstant()
              + ": is this machine's clock right?",
          e);
    }
  }

  private static void checkUse(X509Certificate own, String node, PemFile file)
      throws CertificateParsingException {
    PeerCertificate certificate = PeerCertificate.of(own);
    if (!certificate.names(node)) {
      throw file.problem(
          "names "
              + certificate.spoken()
              + ", but this node's name is \""
              + node
              + "\": the name must be one of the DNS names of its subject alternative name",
          null);
    }
    List<String> uses = own.getExtendedKeyUsage();
    if (uses != null && !uses.containsAll(BOTH_USES)) {
      throw file.problem(
          "may not be used by both ends of a connection: its extended key usage must hold"
              + " serverAuth and clientAuth, or be absent",
          null);
    }
  }

  private static void checkServes(X509Certificate own, PemFile file)
      throws CertificateParsingException {
    List<String> uses = own.getExtendedKeyUsage();
    if (uses != null && !uses.contains(SERVER_USE)) {
      throw file.problem(
          "may not be used by a server: its extended key usage must hold serverAuth, or be absent",
          null);
    }
  }

  /** What the certificate is shown with. */
  X509ExtendedKeyManager key() {
    return (X509ExtendedKeyManager) keys[0];
  }

  /** The node's own certificate. */
  X509Certificate certificate() {
    return certificate;
  }

  Instant notAfter() {
    return certificate.getNotAfter().toInstant();
  }

  /**
   * Returns a context for one connection. A context of its own means that no session is ever
   * resumed: a certificate that expired, or an authority that was removed, counts at once.
   */
  SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot do TLS", e);
    }
  }
}
