package dev.quicksilver.replication;

import java.time.Duration;

/**
 * Bounds of a {@link ReplicationServer}.
 *
 * @param maxConnections more are refused with BUSY
 * @param handshakeTimeout how long a peer may take for its hello
 * @param stallTimeout a follower that takes nothing, or acknowledges nothing, for this long is
 *     disconnected
 * @param heartbeat how long the stream may be silent
 */
public record ServerOptions(
    int maxConnections, Duration handshakeTimeout, Duration stallTimeout, Duration heartbeat) {
  /** 4,096 connections, 10 s, 30 s, 1 s. */
  public static final ServerOptions DEFAULT =
      new ServerOptions(
          4096, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(1));
}
