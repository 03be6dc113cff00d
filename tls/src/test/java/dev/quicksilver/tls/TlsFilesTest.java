package dev.quicksilver.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a node's own files is said with file and cure; new files are taken up. */
final class TlsFilesTest {
  private static final Instant NOW = Instant.now();
  private static final Instant SOON = NOW.plus(Duration.ofDays(30));
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);

  @TempDir private Path directory;
  private CertificateAuthority authority;
  private TlsFiles good;

  @BeforeEach
  void issue() throws IOException {
    authority = CertificateAuthority.openOrCreate(directory);
    good = authority.issue("edge-1", List.of("edge-1.example"), NOW.minusSeconds(60), SOON);
  }

  private static Tls load(TlsFiles files) {
    // Only look() looks.
    return Tls.load(files, "edge-1", Duration.ofDays(1), CLOCK);
  }

  private static void assertRefused(TlsFiles files, String... words) {
    assertThatExceptionOfType(TlsException.class)
        .isThrownBy(() -> load(files).close())
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .contains(words)
                    .doesNotContain("\n", "PRIVATE KEY-----\nM"));
  }

  private TlsFiles withCertificate(Path file) {
    return new TlsFiles(file, good.key(), good.authorities());
  }

  private TlsFiles withKey(Path file) {
    return new TlsFiles(good.certificate(), file, good.authorities());
  }

  private Path file(String name, String content) throws IOException {
    return Files.writeString(directory.resolve(name), content);
  }

  @Test
  void aMissingFileIsNamed() {
    Path absent = directory.resolve("absent.pem");
    assertRefused(withCertificate(absent), absent.toString(), "(certificate)", "does not exist");
    assertRefused(withKey(absent), absent.toString(), "(private key)", "does not exist");
    assertRefused(
        new TlsFiles(good.certificate(), good.key(), List.of(absent)),
        absent.toString(),
        "(authorities)");
  }

  @Test
  void aFileThatIsNotPemIsNamed() throws IOException {
    Path text = file("text.pem", "hello\n");
    assertRefused(withCertificate(text), text.toString(), "no certificate in PEM form", "openssl");
    assertRefused(withKey(text), text.toString(), "no private key in PEM form");
    Path torn = file("torn.pem", Files.readString(good.certificate()).substring(0, 300));
    assertRefused(withCertificate(torn), torn.toString(), "make it again");
    assertRefused(withKey(good.certificate()), "no private key in PEM form");
  }

  @Test
  void anEncryptedKeyIsRefusedWithTheCure() throws IOException {
    Path key =
        file(
            "encrypted.pem",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                + "MBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcEAgAA\n"
                + "-----END ENCRYPTED PRIVATE KEY-----\n");
    assertRefused(withKey(key), key.toString(), "is encrypted", "openssl pkey");
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws IOException {
    TlsFiles other = authority.issue("edge-2", List.of(), NOW.minusSeconds(60), SOON);
    assertRefused(
        withKey(other.key()),
        other.key().toString(),
        "does not belong",
        good.certificate().toString());
  }

  @Test
  void theNodesOwnCertificateMustStandFirst() throws IOException {
    Path turned =
        file(
            "turned.pem",
            Files.readString(good.authorities().getFirst()) + Files.readString(good.certificate()));
    assertRefused(withCertificate(turned), "certificate 2 of", "stand first");
  }

  /** A fleet must be able to start again after its certificates have run out. */
  @Test
  void aNodeStartsWithAnExpiredCertificateAndTakesTheRenewedOne() throws IOException {
    Instant over = NOW.minusSeconds(1);
    TlsFiles files = authority.issue("edge-1", List.of(), NOW.minusSeconds(60), over);
    try (Tls tls = load(files)) {
      assertThat(tls.status().problem().orElseThrow()).contains("expired", "renew it");
      assertThat(tls.remaining()).isNegative();
      tls.look();
      assertThat(tls.status().problem()).isPresent();
      authority.issue("edge-1", List.of(), NOW.minusSeconds(60), SOON);
      tls.look();
      assertThat(tls.status().problem()).isEmpty();
      assertThat(tls.remaining()).isPositive();
    }
  }

  /** A machine that has just been started may not know the time yet. */
  @Test
  void aNodeStartsBeforeItsCertificateIsValidAndUsesItFromThenOn() throws IOException {
    Instant[] now = {NOW};
    TlsFiles files = authority.issue("edge-1", List.of(), NOW.plusSeconds(60), SOON);
    try (Tls tls = Tls.load(files, "edge-1", Duration.ofDays(1), () -> now[0])) {
      assertThat(tls.status().problem().orElseThrow()).contains("valid only from", "clock");
      now[0] = NOW.plusSeconds(61);
      tls.look();
      assertThat(tls.status().problem()).isEmpty();
    }
  }

  @Test
  void aNewCertificateThatHasExpiredDoesNotReplaceAGoodOne() throws IOException {
    try (Tls tls = load(good)) {
      authority.issue("edge-1", List.of(), NOW.minusSeconds(60), NOW.minusSeconds(1));
      tls.look();
      assertThat(tls.status().problem().orElseThrow()).contains("expired");
      assertThat(tls.remaining()).isPositive();
    }
  }

  @Test
  void aCertificateOfAnotherNodeIsRefusedWithBothNames() throws IOException {
    assertRefused(
        authority.issue("edge-7", List.of("edge-7.example"), NOW.minusSeconds(60), SOON),
        "\"edge-7\", \"edge-7.example\"",
        "\"edge-1\"",
        "subject alternative name");
  }

  @Test
  void readsTheOlderFormsOfKeys() throws Exception {
    ECPrivateKey key = (ECPrivateKey) new PemFile(good.key(), "private key").key();
    var sec1 =
        new org.bouncycastle.asn1.sec.ECPrivateKey(256, key.getS(), SECObjectIdentifiers.secp256r1);
    Path ec = pem("sec1.pem", new PemObject("EC PRIVATE KEY", sec1.getEncoded()));
    load(withKey(ec)).close();

    PrivateKey rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();
    Path pkcs1 = pem("pkcs1.pem", rsa);
    assertThat(Files.readString(pkcs1)).startsWith("-----BEGIN RSA PRIVATE KEY-----");
    assertThat(new PemFile(pkcs1, "private key").key()).isEqualTo(rsa);
    assertRefused(withKey(pkcs1), "does not belong");
  }

  private Path pem(String name, Object content) throws IOException {
    Path file = directory.resolve(name);
    try (JcaPEMWriter pem = new JcaPEMWriter(Files.newBufferedWriter(file))) {
      pem.writeObject(content);
    }
    return file;
  }

  @Test
  void takesNewFilesAndKeepsTheOldWhenTheNewAreBad() throws IOException {
    try (Tls tls = load(good)) {
      assertThat(tls.remaining()).isBetween(Duration.ofDays(29), Duration.ofDays(30));
      tls.look();
      assertThat(tls.status().reloads()).isZero();

      Path elsewhere = directory.resolve("elsewhere");
      CertificateAuthority stranger = CertificateAuthority.openOrCreate(elsewhere);
      TlsFiles strange = stranger.issue("edge-1", List.of(), NOW.minusSeconds(60), SOON);
      Path goodKey = Files.copy(good.key(), directory.resolve("kept-key.pem"));
      Files.copy(strange.key(), good.key(), StandardCopyOption.REPLACE_EXISTING);
      tls.look();
      tls.look();
      assertThat(tls.status().reloads()).isZero();
      assertThat(tls.status().failures()).isEqualTo(1);
      assertThat(tls.status().problem().orElseThrow()).contains("does not belong");
      assertThat(tls.status().expires()).isCloseTo(SOON, within(1));

      Files.copy(goodKey, good.key(), StandardCopyOption.REPLACE_EXISTING);
      tls.look();
      assertThat(tls.status().problem()).isEmpty();

      Instant later = NOW.plus(Duration.ofDays(90));
      authority.issue("edge-1", List.of(), NOW.minusSeconds(60), later);
      tls.look();
      assertThat(tls.status().reloads()).isEqualTo(2);
      assertThat(tls.status().expires()).isCloseTo(later, within(1));
    }
  }

  private static org.assertj.core.data.TemporalUnitOffset within(long seconds) {
    return new org.assertj.core.data.TemporalUnitWithinOffset(
        seconds, java.time.temporal.ChronoUnit.SECONDS);
  }
}
