package dev.quicksilver.storage.record;

/**
 * The place in a PostgreSQL's WAL up to which a database holds everything.
 *
 * @param systemId PostgreSQL's system identifier, unsigned; 0 with {@link #NONE}
 * @param timeline PostgreSQL's timeline
 * @param lsn end LSN of the last commit, unsigned
 */
public record Position(long systemId, int timeline, long lsn) {
  /** Before anything was read. */
  public static final Position NONE = new Position(0, 0, 0);

  /** Formats an LSN as PostgreSQL does, as in {@code 0/1A2B3C4D}. */
  public static String formatLsn(long lsn) {
    return Long.toHexString(lsn >>> 32).toUpperCase(java.util.Locale.ROOT)
        + "/"
        + Long.toHexString(lsn & 0xFFFFFFFFL).toUpperCase(java.util.Locale.ROOT);
  }

  @Override
  public String toString() {
    return Long.toUnsignedString(systemId) + "@" + timeline + ":" + formatLsn(lsn);
  }
}
