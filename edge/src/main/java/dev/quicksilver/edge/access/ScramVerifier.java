package dev.quicksilver.edge.access;

import com.ongres.scram.common.StringPreparation;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** What a server keeps of a password for SCRAM-SHA-256 (RFC 5802, RFC 7677). */
public final class ScramVerifier {
  private static final int ITERATIONS = 4096;
  private static final int SALT_BYTES = 16;

  /** More would keep clients busy for seconds; PostgreSQL makes 4096 unless told otherwise. */
  private static final int MOST_ITERATIONS = 10_000_000;

  private static final Pattern FORM =
      Pattern.compile(
          "SCRAM-SHA-256\\$(\\d{1,9}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

  private final int iterations;
  private final byte[] salt;
  private final byte[] storedKey;
  private final byte[] serverKey;

  private ScramVerifier(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
    this.iterations = iterations;
    this.salt = salt;
    this.storedKey = storedKey;
    this.serverKey = serverKey;
  }

  /** Makes a verifier with a fresh salt of 16 bytes. */
  public static ScramVerifier ofPassword(String password) {
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    return of(password, salt, ITERATIONS);
  }

  private static ScramVerifier of(String password, byte[] salt, int iterations) {
    try {
      char[] prepared = StringPreparation.POSTGRESQL_PREPARATION.normalize(password.toCharArray());
      var spec = new PBEKeySpec(prepared, salt, iterations, 256);
      byte[] salted =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
      byte[] clientKey = hmac(salted, "Client Key".getBytes(StandardCharsets.US_ASCII));
      byte[] serverKey = hmac(salted, "Server Key".getBytes(StandardCharsets.US_ASCII));
      return new ScramVerifier(iterations, salt, sha256(clientKey), serverKey);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether a password that a client sent as it is is the right one: takes some milliseconds. */
  public boolean isOf(String password) {
    return MessageDigest.isEqual(of(password, salt, iterations).storedKey, storedKey);
  }

  /**
   * A verifier that no password fits, for a user that is not there: who asks cannot tell it from
   * one that is.
   *
   * @param secret of this process; the same user has the same salt each time
   */
  public static ScramVerifier ofNobody(String user, byte[] secret) {
    byte[] salt = Arrays.copyOf(hmac(secret, user.getBytes(StandardCharsets.UTF_8)), SALT_BYTES);
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    return new ScramVerifier(ITERATIONS, salt, key, key);
  }

  /** Reads PostgreSQL's text form. */
  public static ScramVerifier parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "not a SCRAM-SHA-256 verifier; take it from pg_authid.rolpassword");
    }
    int iterations = Integer.parseInt(matcher.group(1));
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new IllegalArgumentException(
          "a SCRAM-SHA-256 verifier has 1 to " + MOST_ITERATIONS + " iterations");
    }
    Base64.Decoder base64 = Base64.getDecoder();
    return new ScramVerifier(
        iterations,
        base64.decode(matcher.group(2)),
        base64.decode(matcher.group(3)),
        base64.decode(matcher.group(4)));
  }

  /** The form that {@link #parse} reads. */
  public String text() {
    Base64.Encoder base64 = Base64.getEncoder();
    return "SCRAM-SHA-256$"
        + iterations
        + ":"
        + base64.encodeToString(salt)
        + "$"
        + base64.encodeToString(storedKey)
        + ":"
        + base64.encodeToString(serverKey);
  }

  /** Returns how often the password is hashed. */
  public int iterations() {
    return iterations;
  }

  /** Returns the salt in Base64. */
  public String salt() {
    return Base64.getEncoder().encodeToString(salt);
  }

  /** Whether the client's proof is right for the exchange. */
  public boolean verifies(byte[] proof, byte[] exchange) {
    byte[] signature = hmac(storedKey, exchange);
    if (proof.length != signature.length) {
      return false;
    }
    byte[] clientKey = new byte[proof.length];
    for (int i = 0; i < proof.length; i++) {
      clientKey[i] = (byte) (proof[i] ^ signature[i]);
    }
    return MessageDigest.isEqual(sha256(clientKey), storedKey);
  }

  /** Returns what proves to the client that the server has the verifier. */
  public byte[] serverSignature(byte[] exchange) {
    return hmac(serverKey, exchange);
  }

  private static byte[] hmac(byte[] key, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(bytes, bytes.length));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
