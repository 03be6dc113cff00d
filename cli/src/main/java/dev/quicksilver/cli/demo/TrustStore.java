package dev.quicksilver.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** The TLS root certificates that the running JDK trusts. */
final class TrustStore {
  private TrustStore() {}

  /** Returns JSON with subject, issuer, validity and PEM, by SHA-256 fingerprint in hexadecimal. */
  static SequencedMap<String, String> read()
      throws GeneralSecurityException, JsonProcessingException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    @Nullable KeyStore jdks = null; // the JDK's own, by the contract of init
    factory.init(jdks);
    ObjectMapper json = new ObjectMapper();
    Base64.Encoder pem = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    SequencedMap<String, String> certificates = new TreeMap<>();
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager trusted) {
        for (X509Certificate certificate : trusted.getAcceptedIssuers()) {
          byte[] der = certificate.getEncoded();
          Map<String, String> value = new LinkedHashMap<>();
          value.put("subject", certificate.getSubjectX500Principal().getName());
          value.put("issuer", certificate.getIssuerX500Principal().getName());
          value.put("not_before", certificate.getNotBefore().toInstant().toString());
          value.put("not_after", certificate.getNotAfter().toInstant().toString());
          value.put(
              "pem",
              "-----BEGIN CERTIFICATE-----\n"
                  + pem.encodeToString(der)
                  + "\n-----END CERTIFICATE-----\n");
          String fingerprint =
              HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
          certificates.put(fingerprint, json.writeValueAsString(value));
        }
      }
    }
    return certificates;
  }
}
