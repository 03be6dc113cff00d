package dev.quicksilver.cli.config;

/** Where a bridge finds its users. */
public enum UserSource {
  /** Nowhere. */
  NONE,
  /** In the catalog database, which {@code quicksilver.grant_read} writes to. */
  CATALOG
}
