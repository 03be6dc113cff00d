package dev.quicksilver.replication;

import java.util.UUID;

/**
 * Who a process is. Server and replica of one process must share it: that is how a node that was
 * pointed at itself is recognised.
 *
 * @param processId random, new in every process
 * @param name the configured node name, 1 to 255 bytes of UTF-8
 * @param location where the node stands, for grouping acks; may be empty
 * @param versions of the protocol that it speaks
 */
public record NodeIdentity(
    UUID processId, String name, String location, ProtocolVersions versions) {
  /** One that speaks what this program speaks. */
  public NodeIdentity(UUID processId, String name, String location) {
    this(processId, name, location, ProtocolVersions.SUPPORTED);
  }

  /** Gives a new process its identity. */
  public static NodeIdentity create(String name, String location) {
    return new NodeIdentity(UUID.randomUUID(), name, location);
  }

  /**
   * Returns the same with other versions of the protocol, as a program before or after this one.
   */
  NodeIdentity speaking(ProtocolVersions other) {
    return new NodeIdentity(processId, name, location, other);
  }

  public NodeIdentity {
    if (name.isEmpty() || !WireWriter.fits(name) || !WireWriter.fits(location)) {
      throw new ReplicationException(
          "the node name must have 1 to 255 bytes and the location at most 255; got \""
              + name
              + "\" and \""
              + location
              + "\"",
          null);
    }
  }
}
