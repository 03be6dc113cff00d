package dev.quicksilver.loader.read;

/**
 * Records of a source that expire.
 *
 * @param past that had expired: they are left out, and not among the records that are read
 * @param future that expire later: they are read as all others
 */
public record Expirations(long past, long future) {
  /** Of a source that knows no such records. */
  public static final Expirations NONE = new Expirations(0, 0);

  /** Those of both. */
  public Expirations plus(Expirations other) {
    return new Expirations(past + other.past, future + other.future);
  }
}
