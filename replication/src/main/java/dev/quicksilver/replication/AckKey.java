package dev.quicksilver.replication;

import java.util.Comparator;
import java.util.UUID;

/**
 * What a report is about, in the order in which reports are passed up: by database and name (UTF-16
 * code units), then by instance and process (their 128 bits as unsigned numbers).
 */
record AckKey(String database, String node, UUID instance, UUID process)
    implements Comparable<AckKey> {
  private static final UUID LEAST = new UUID(0, 0);
  private static final UUID MOST = new UUID(-1, -1);

  private static final Comparator<UUID> UNSIGNED =
      (a, b) -> {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0
            ? high
            : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
      };

  private static final Comparator<AckKey> ORDER =
      Comparator.comparing(AckKey::database)
          .thenComparing(AckKey::node)
          .thenComparing(AckKey::instance, UNSIGNED)
          .thenComparing(AckKey::process, UNSIGNED);

  /** Before all others. */
  static final AckKey FIRST = before("");

  /** Returns what comes before all reports of a database. */
  static AckKey before(String database) {
    return new AckKey(database, "", LEAST, LEAST);
  }

  /** Returns what comes after all reports of a database of nodes with this name. */
  static AckKey after(String database, String node) {
    return new AckKey(database, node, MOST, MOST);
  }

  @Override
  public int compareTo(AckKey other) {
    return ORDER.compare(this, other);
  }
}
