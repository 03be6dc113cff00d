package dev.quicksilver.cli.config;

import java.util.Locale;

/** The long-running processes, which differ in the settings that they use. */
public enum Role {
  /** Sequences PostgreSQL's commits and serves the log. */
  ROOT,
  /** Follows an upstream, serves the log on: a relay is a replica with followers. */
  REPLICA,
  /** Serves a replica's databases to {@code postgres_fdw}. */
  BRIDGE,
  /** Serves a replica's databases over RESP, the protocol of Redis. */
  SERVE;

  /** Returns the name of the command that starts it. */
  public String command() {
    return name().toLowerCase(Locale.ROOT);
  }
}
