package dev.quicksilver.cli.config;

/**
 * A host and a TCP port.
 *
 * @param host a name or an address, without brackets
 * @param port 0 to 65535; 0 means any free port, for listening only
 */
public record Endpoint(String host, int port) {
  /** Returns {@code host:port}, with brackets around an IPv6 address. */
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
