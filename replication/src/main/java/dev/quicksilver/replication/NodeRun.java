package dev.quicksilver.replication;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Which node it is, and which of its processes. Immutable.
 *
 * @param instance the id of its data directory, see {@link InstanceFile}; that of its name in what
 *     a node says that speaks version 1 of the protocol
 * @param process random, new in every process; zero in what a node says that speaks version 1
 * @param started when the process began, µs since 1970-01-01 UTC on the node's own clock; 0 in what
 *     a node says that speaks version 1
 */
public record NodeRun(UUID instance, UUID process, long started) {
  private static final UUID NO_PROCESS = new UUID(0, 0);

  /** Begins a run: a new process on the data directory with this id. */
  static NodeRun begin(UUID instance) {
    return new NodeRun(instance, UUID.randomUUID(), RootHeads.SYSTEM_CLOCK.getAsLong());
  }

  /** Returns what is known of a node that says nothing but its name. */
  static NodeRun named(String node) {
    return new NodeRun(
        UUID.nameUUIDFromBytes(node.getBytes(StandardCharsets.UTF_8)), NO_PROCESS, 0);
  }

  /** Returns whether nothing but its name is known. */
  boolean isOnlyNamed() {
    return process.equals(NO_PROCESS);
  }

  /**
   * Returns an id for this run alone, for when another one has the same instance id at the same
   * time.
   */
  UUID idBesideOthers() {
    return UUID.nameUUIDFromBytes(
        ByteBuffer.allocate(32)
            .putLong(instance.getMostSignificantBits())
            .putLong(instance.getLeastSignificantBits())
            .putLong(process.getMostSignificantBits())
            .putLong(process.getLeastSignificantBits())
            .array());
  }
}
