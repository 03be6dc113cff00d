package dev.quicksilver.gateway;

import dev.quicksilver.replication.RootRole;
import java.util.Optional;

/**
 * What a root is to the nodes around it, and what it does while another one holds the slot.
 * Thread-safe.
 */
public interface Standby {
  /** What follows the active root. */
  interface Following extends AutoCloseable {
    /** Whether the active root is heard of: it has said lately, here, that it is there. */
    boolean isHeard();

    /** Ends it; returns when nothing here is written any more. Idempotent. */
    @Override
    void close();
  }

  /** Whether this node is the root, for its server; the gateway says so. */
  RootRole role();

  /** Whether this node knows of other roots: then it stands by where it would have to refuse. */
  boolean hasOthers();

  /** Begins to follow the active root; empty if no other one is known. */
  Optional<Following> follow();

  /**
   * Begins to follow another root, if one becomes active, and nobody else: this node may have what
   * no other one has. Empty if no other one is known.
   */
  Optional<Following> listen();

  /** A root that knows of no other one, and serves whether it holds the slot or not. */
  static Standby alone() {
    RootRole role = RootRole.of(RootRole.Standing.ACTIVE);
    return new Standby() {
      @Override
      public RootRole role() {
        return role;
      }

      @Override
      public boolean hasOthers() {
        return false;
      }

      @Override
      public Optional<Following> follow() {
        return Optional.empty();
      }

      @Override
      public Optional<Following> listen() {
        return Optional.empty();
      }
    };
  }
}
