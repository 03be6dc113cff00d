package dev.quicksilver.replication;

/**
 * A node to pull from.
 *
 * @param host a loopback address in this version
 * @param secondary tried after all primaries; keeps a longer history
 */
public record Upstream(String host, int port, boolean secondary) {
  /** A primary. */
  public static Upstream primary(String host, int port) {
    return new Upstream(host, port, false);
  }

  /** A secondary. */
  public static Upstream secondary(String host, int port) {
    return new Upstream(host, port, true);
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
