package dev.quicksilver.replication;

import java.util.UUID;

/**
 * Who a process is. Server and replica of one process must share it: that is how a node that was
 * pointed at itself is recognised.
 *
 * @param run tells it from all other nodes and processes
 * @param name the configured node name, 1 to 255 bytes of UTF-8; should be its own
 * @param location where the node stands, for grouping acks; may be empty
 * @param versions of the protocol that it speaks
 */
public record NodeIdentity(NodeRun run, String name, String location, ProtocolVersions versions) {

  /** Gives a new process on the data directory with this id its identity. */
  public static NodeIdentity create(UUID instance, String name, String location) {
    return new NodeIdentity(NodeRun.begin(instance), name, location, ProtocolVersions.SUPPORTED);
  }

  /** Gives a process its identity whose data directory is never used again. */
  public static NodeIdentity create(String name, String location) {
    return create(UUID.randomUUID(), name, location);
  }

  /**
   * Returns the same with other versions of the protocol, as a program before or after this one.
   */
  NodeIdentity speaking(ProtocolVersions other) {
    return new NodeIdentity(run, name, location, other);
  }

  /** Returns what tells this process from all others; random. */
  public UUID processId() {
    return run.process();
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
