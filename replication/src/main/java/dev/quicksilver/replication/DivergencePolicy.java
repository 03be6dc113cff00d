package dev.quicksilver.replication;

/** What a node does with a database after an upstream's block has contradicted its copy. */
public enum DivergencePolicy {
  /** It serves what it has to readers, and does not follow until it is told what to do. */
  SERVE,
  /**
   * It copies the database anew by itself, at most once an hour, and serves what it has so long.
   */
  COPY,
  /** It refuses reads, and does not follow until it is told what to do. */
  STOP_SERVING
}
