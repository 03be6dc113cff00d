package dev.quicksilver.replication;

import java.util.OptionalInt;

/**
 * The versions of the wire protocol that a program speaks; how they meet stands in
 * docs/protocol.md, "Changing it".
 *
 * @param lowest 1 to 65,535
 * @param highest not below it
 */
public record ProtocolVersions(int lowest, int highest) {
  /** From this version on a node says its instance id with its acks. */
  static final int WITH_INSTANCES = 2;

  /** From this version on an upstream says up to which position it is complete. */
  static final int WITH_COMPLETENESS = 3;

  /** From this version on a node says where its metrics can be scraped. */
  static final int WITH_SCRAPE_ADDRESSES = 4;

  /** What this program speaks. */
  public static final ProtocolVersions SUPPORTED = new ProtocolVersions(1, WITH_SCRAPE_ADDRESSES);

  public ProtocolVersions {
    if (lowest < 1 || highest < lowest || highest > 0xFFFF) {
      throw new ReplicationException("no protocol versions: " + lowest + " to " + highest, null);
    }
  }

  /** Returns the highest that both speak. */
  OptionalInt common(int otherLowest, int otherHighest) {
    int version = Math.min(highest, otherHighest);
    return version < Math.max(lowest, otherLowest) ? OptionalInt.empty() : OptionalInt.of(version);
  }

  @Override
  public String toString() {
    return lowest + " to " + highest;
  }
}
