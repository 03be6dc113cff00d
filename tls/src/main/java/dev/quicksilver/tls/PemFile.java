package dev.quicksilver.tls;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/** Reads certificates and keys. Parsing is Bouncy Castle's, the objects are the JDK's. */
final class PemFile {
  /** Nothing that belongs here is larger; whoever names another file is told so at once. */
  private static final long MAX_BYTES = 1 << 20;

  private final Path file;
  private final String what;
  private final List<Object> objects;

  /**
   * Reads a file.
   *
   * @param what what it is to this node, for messages: "certificate", "private key", "authorities"
   */
  PemFile(Path file, String what) {
    this.file = file;
    this.what = what;
    this.objects = read();
  }

  private List<Object> read() {
    List<Object> found = new ArrayList<>();
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw problem("is larger than 1 MiB: it is not a PEM file of certificates or a key", null);
      }
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      try (PEMParser parser = new PEMParser(new StringReader(text))) {
        for (Object one = parser.readObject(); one != null; one = parser.readObject()) {
          found.add(one);
        }
      }
      return found;
    } catch (NoSuchFileException e) {
      throw problem("does not exist: is the path right?", e);
    } catch (AccessDeniedException e) {
      throw problem("cannot be read by user " + System.getProperty("user.name"), e);
    } catch (TlsException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // the parser has exceptions of many kinds
      throw problem("cannot be read as PEM (" + e.getMessage() + "): make it again", e);
    }
  }

  /** Returns all certificates in their order, at least one. */
  List<X509Certificate> certificates() {
    JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
    List<X509Certificate> found = new ArrayList<>();
    try {
      for (Object one : objects) {
        if (one instanceof X509CertificateHolder holder) {
          found.add(converter.getCertificate(holder));
        }
      }
    } catch (GeneralSecurityException e) {
      throw problem("has a damaged certificate (" + e.getMessage() + "): make it again", e);
    }
    if (found.isEmpty()) {
      throw problem(
          "has no certificate in PEM form (-----BEGIN CERTIFICATE-----); if it is in DER form:"
              + " openssl x509 -inform der -in FILE -out FILE.pem",
          null);
    }
    return found;
  }

  /** Returns the private key, the first if there are several. */
  PrivateKey key() {
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    try {
      for (Object one : objects) {
        if (one instanceof PrivateKeyInfo info) {
          return converter.getPrivateKey(info);
        }
        if (one instanceof PEMKeyPair pair) {
          return converter.getPrivateKey(pair.getPrivateKeyInfo());
        }
        if (one instanceof PEMEncryptedKeyPair || one instanceof PKCS8EncryptedPrivateKeyInfo) {
          throw problem(
              "is encrypted, and there is nobody to ask for its password: openssl pkey -in FILE"
                  + " -out FILE.pem, and let only this user read that file",
              null);
        }
      }
    } catch (TlsException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw problem("has a damaged private key (" + e.getMessage() + "): make it again", e);
    }
    throw problem(
        "has no private key in PEM form (-----BEGIN PRIVATE KEY-----): is it the right file?",
        null);
  }

  TlsException problem(String problem, @org.jspecify.annotations.Nullable Throwable cause) {
    return new TlsException("the file " + file + " (" + what + ") " + problem, cause);
  }
}
