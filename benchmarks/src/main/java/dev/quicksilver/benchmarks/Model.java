package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a database should hold, kept beside it and by other means than the product's: a map, and a
 * sum of SHA-256 over its pairs that is kept up to date change by change. For one thread.
 */
final class Model {
  private final TreeMap<String, String> pairs = new TreeMap<>();
  private BigInteger sum = BigInteger.ZERO;

  Map<String, String> pairs() {
    return pairs;
  }

  /** Returns the sum over the pairs now. */
  BigInteger sum() {
    return sum;
  }

  void set(String key, String value) {
    remove(key);
    pairs.put(key, value);
    sum =
        sum.add(term(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8)));
  }

  void remove(String key) {
    String old = pairs.remove(key);
    if (old != null) {
      sum =
          sum.subtract(
              term(key.getBytes(StandardCharsets.UTF_8), old.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** Returns the same sum over everything that a snapshot really holds. */
  static BigInteger sum(Snapshot snapshot) {
    BigInteger sum = BigInteger.ZERO;
    try (Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        sum = sum.add(term(scan.key(), scan.value()));
      }
    }
    return sum;
  }

  /** Returns what a pair adds to the sum. */
  static BigInteger term(byte[] key, byte[] value) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(ByteBuffer.allocate(4).putInt(key.length).array());
      digest.update(key);
      return new BigInteger(1, digest.digest(value));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
