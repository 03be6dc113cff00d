package dev.quicksilver.gateway;

import dev.quicksilver.storage.record.Position;

/**
 * What a gateway is doing, at one moment.
 *
 * @param position up to where the WAL is durable on this node
 * @param confirmedLsn what PostgreSQL was told, unsigned
 * @param transactions PostgreSQL transactions applied since the start of this process
 * @param entries entries written since the start of this process
 * @param lastProblem the last reason to connect again, empty if there was none
 */
public record GatewayStatus(
    State state,
    Position position,
    long confirmedLsn,
    long transactions,
    long entries,
    String lastProblem) {
  /** Where the gateway is. */
  public enum State {
    /** It looks for the PostgreSQL. */
    CONNECTING,
    /** It takes the slot for the first time and copies what the tables held before. */
    COPYING,
    /** Another root holds the slot; this one stands by. */
    WAITING_FOR_SLOT,
    /** It holds the slot: this node is the root. */
    STREAMING,
    /** The disk or the map of a database is full; it goes on by itself once there is room. */
    WAITING_FOR_SPACE,
    /** It refused to go on; {@code await()} tells why. */
    FAILED,
    /** It was closed. */
    CLOSED
  }
}
