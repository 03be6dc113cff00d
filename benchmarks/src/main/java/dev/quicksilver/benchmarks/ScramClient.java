package dev.quicksilver.benchmarks;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The client's side of SCRAM-SHA-256 (RFC 5802) without channel binding, for one password. Keeps
 * what is slow to compute. Safe for all threads.
 */
final class ScramClient {
  private final String password;
  private final Map<String, byte[]> salted = new ConcurrentHashMap<>();

  ScramClient(String password) {
    this.password = password;
  }

  /** The last message, for the first one of each side. */
  byte[] last(String clientFirstBare, String serverFirst) throws GeneralSecurityException {
    String[] parts = serverFirst.split(",", -1);
    String withoutProof = "c=biws," + parts[0];
    byte[] key = mac(salted(parts[1].substring(2), parts[2].substring(2)), "Client Key");
    byte[] stored = MessageDigest.getInstance("SHA-256").digest(key);
    byte[] signature = mac(stored, clientFirstBare + "," + serverFirst + "," + withoutProof);
    for (int i = 0; i < key.length; i++) {
      key[i] ^= signature[i];
    }
    return (withoutProof + ",p=" + Base64.getEncoder().encodeToString(key))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private byte[] salted(String salt, String iterations) throws GeneralSecurityException {
    byte[] known = salted.get(salt + iterations);
    if (known == null) {
      var specification =
          new PBEKeySpec(
              password.toCharArray(),
              Base64.getDecoder().decode(salt),
              Integer.parseInt(iterations),
              256);
      known =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
              .generateSecret(specification)
              .getEncoded();
      salted.put(salt + iterations, known);
    }
    return known;
  }

  private static byte[] mac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.US_ASCII));
  }
}
