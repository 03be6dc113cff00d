package dev.quicksilver.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;

/**
 * A certificate authority in a directory, for tests and small installations: {@code ca.pem} and
 * {@code ca-key.pem}. Keys are EC P-256, and only their owner can read their files. Who has an
 * authority of their own uses that.
 */
public final class CertificateAuthority {
  private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
  private static final String SIGNATURE = "SHA256withECDSA";

  private final Path directory;
  private final X509Certificate certificate;
  private final PrivateKey key;

  private CertificateAuthority(Path directory, X509Certificate certificate, PrivateKey key) {
    this.directory = directory;
    this.certificate = certificate;
    this.key = key;
  }

  /**
   * Opens the authority of a directory, or makes one that is valid for ten years.
   *
   * @throws TlsException if what is there cannot be read
   */
  public static CertificateAuthority openOrCreate(Path directory) throws IOException {
    Path certificate = directory.resolve("ca.pem");
    Path key = directory.resolve("ca-key.pem");
    if (Files.exists(certificate)) {
      return new CertificateAuthority(
          directory,
          new PemFile(certificate, "authority").certificates().getFirst(),
          new PemFile(key, "the authority's private key").key());
    }
    Files.createDirectories(directory);
    try {
      KeyPair pair = keyPair();
      Instant now = Instant.now();
      // A name of its own: two authorities of one name are hard to tell apart in messages.
      X500Principal name =
          new X500Principal("CN=Quicksilver authority " + Long.toHexString(serial().longValue()));
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              serial(),
              Date.from(now.minusSeconds(60)),
              Date.from(now.plus(AUTHORITY_LIFE)),
              name,
              pair.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
      X509Certificate made = sign(builder, pair.getPrivate());
      write(key, new JcaPKCS8Generator(pair.getPrivate(), null));
      write(certificate, made);
      return new CertificateAuthority(directory, made, pair.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IOException("this JDK cannot make an EC certificate", e);
    }
  }

  /**
   * Makes a certificate for a node, with a new key, and puts both beside the authority as {@code
   * NODE.pem} and {@code NODE-key.pem}; what has these names is replaced.
   *
   * @param node the node's name, ASCII
   * @param more other DNS names, or addresses, of the certificate
   */
  public TlsFiles issue(String node, List<String> more, Instant from, Instant to)
      throws IOException {
    if (!StandardCharsets.US_ASCII.newEncoder().canEncode(node)
        || node.contains("/")
        || node.startsWith(".")) {
      throw new TlsException(
          "a certificate cannot name the node \"" + node + "\": use letters, digits, - and .",
          null);
    }
    TlsFiles files =
        new TlsFiles(
            directory.resolve(node + ".pem"),
            directory.resolve(node + "-key.pem"),
            List.of(directory.resolve("ca.pem")));
    try {
      KeyPair pair = keyPair();
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              certificate.getSubjectX500Principal(),
              serial(),
              Date.from(from),
              Date.from(to),
              new X500Principal("CN=" + node.replaceAll("[^A-Za-z0-9._-]", " ")),
              pair.getPublic());
      GeneralName[] names =
          java.util.stream.Stream.concat(java.util.stream.Stream.of(node), more.stream())
              .map(CertificateAuthority::alternative)
              .toArray(GeneralName[]::new);
      builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
      X509Certificate made = sign(builder, key);
      write(files.key(), new JcaPKCS8Generator(pair.getPrivate(), null));
      write(files.certificate(), made);
      return files;
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IOException("this JDK cannot make an EC certificate", e);
    }
  }

  private static GeneralName alternative(String name) {
    return IPAddress.isValid(name)
        ? new GeneralName(GeneralName.iPAddress, name)
        : new GeneralName(GeneralName.dNSName, name);
  }

  private static KeyPair keyPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static BigInteger serial() {
    return new BigInteger(127, new SecureRandom());
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey with)
      throws GeneralSecurityException, OperatorCreationException {
    return new org.bouncycastle.cert.jcajce.JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(with)));
  }

  /** Replaces a file as a whole, readable by its owner alone from its first byte. */
  private static void write(Path file, Object content) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
      pem.writeObject(content);
    }
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    FileAttribute<?>[] owner =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    Path fresh = Files.createTempFile(file.toAbsolutePath().getParent(), "new", ".pem", owner);
    Files.writeString(fresh, text.toString(), StandardCharsets.US_ASCII);
    if (posix && content instanceof X509Certificate) {
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
    }
    Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
