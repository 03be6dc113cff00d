package dev.quicksilver.replication;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Version 1 has no TLS, so it does not leave the machine. */
final class Loopback {
  private Loopback() {}

  /** Resolves an address and refuses any that is not loopback. */
  static InetSocketAddress require(String host, int port, String what) {
    try {
      InetAddress address = InetAddress.getByName(host);
      if (!address.isLoopbackAddress()) {
        throw new ReplicationException(
            what
                + " "
                + host
                + ":"
                + port
                + " is not a loopback address; replication beyond this machine needs TLS, which"
                + " this version does not have. Use 127.0.0.1",
            null);
      }
      return new InetSocketAddress(address, port);
    } catch (IOException e) {
      throw new ReplicationException(
          what + " " + host + ":" + port + " cannot be resolved; check the host name", e);
    }
  }
}
