package dev.quicksilver.replication;

/**
 * What a node does with a database after an upstream's block has contradicted its copy, besides
 * asking its upstreams again, at a slow pace, for a block that fits.
 */
public enum DivergencePolicy {
  /** It serves what it has to readers, and copies nothing until it is told to. */
  SERVE,
  /**
   * It copies the database anew by itself, at most once an hour, and serves what it has so long.
   */
  COPY,
  /** It refuses reads, and copies nothing until it is told to. */
  STOP_SERVING
}
