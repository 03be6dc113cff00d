package dev.quicksilver.storage;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An interval of keys in unsigned byte order.
 *
 * @param from lower bound; null for none
 * @param to upper bound; null for none
 */
public record KeyRange(
    byte @Nullable [] from, boolean fromInclusive, byte @Nullable [] to, boolean toInclusive) {
  /** Every key. */
  public static final KeyRange ALL = new KeyRange(null, true, null, true);

  /** Returns the range of the keys that begin with the prefix; all for an empty one. */
  public static KeyRange prefix(byte[] prefix) {
    int length = prefix.length;
    while (length > 0 && prefix[length - 1] == (byte) 0xFF) {
      length--;
    }
    byte[] end = null;
    if (length > 0) {
      end = Arrays.copyOf(prefix, length);
      end[length - 1]++;
    }
    return new KeyRange(prefix.length == 0 ? null : prefix, true, end, false);
  }

  /** Returns the range that holds this key alone. */
  public static KeyRange single(byte[] key) {
    return new KeyRange(key, true, key, true);
  }

  boolean aboveFrom(byte[] key, int length) {
    if (from == null) {
      return true;
    }
    int order = Arrays.compareUnsigned(key, 0, length, from, 0, from.length);
    return order > 0 || (order == 0 && fromInclusive);
  }

  boolean belowTo(byte[] key, int length) {
    if (to == null) {
      return true;
    }
    int order = Arrays.compareUnsigned(key, 0, length, to, 0, to.length);
    return order < 0 || (order == 0 && toInclusive);
  }
}
