package dev.quicksilver.loader.read;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Running hashes. Stateless. */
public final class Digests {
  private Digests() {}

  /** Returns a new SHA-256. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java has it
    }
  }
}
