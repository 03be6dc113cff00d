package dev.quicksilver.replication;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A node to pull from.
 *
 * @param host a loopback address, or any with TLS
 * @param secondary tried after all primaries; its own settings should have it keep a longer log
 * @param node the name that it must have; empty for any
 */
public record Upstream(String host, int port, boolean secondary, Optional<String> node) {
  /** A primary. */
  public static Upstream primary(String host, int port) {
    return new Upstream(host, port, false, Optional.empty());
  }

  /** A secondary. */
  public static Upstream secondary(String host, int port) {
    return new Upstream(host, port, true, Optional.empty());
  }

  /** Returns them in the order in which they are asked: primaries, then secondaries. */
  static List<Upstream> inOrder(List<Upstream> upstreams) {
    return Stream.concat(
            upstreams.stream().filter(up -> !up.secondary()),
            upstreams.stream().filter(Upstream::secondary))
        .toList();
  }

  /** Returns the same that must be a certain node. */
  public Upstream named(String name) {
    return new Upstream(host, port, secondary, Optional.of(name));
  }

  @Override
  public String toString() {
    return node.map(name -> name + "@").orElse("") + host + ":" + port;
  }
}
