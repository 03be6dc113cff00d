package dev.quicksilver.replication;

import org.jspecify.annotations.Nullable;

/** Why an upstream does not serve a follower. Names and numbers are stable and never reused. */
public enum RefusalCode {
  /** The bytes are not this protocol. */
  NOT_THE_PROTOCOL(1, true),
  /** No protocol version in common. */
  VERSION(2, true),
  /** No compression in common. */
  CODEC(3, true),
  /** The node was connected to itself. */
  SELF(4, true),
  /** A database of that name exists with another id. */
  WRONG_DATABASE(5, true),
  /** The upstream has no database of that name, yet. */
  UNKNOWN_DATABASE(6, false),
  /** The follower's history is not the upstream's. */
  FORK(7, true),
  /** The follower has entries that the upstream has not got yet. */
  UPSTREAM_BEHIND(8, false),
  /** The upstream no longer has the entries that come next. */
  SNAPSHOT_NEEDED(9, false),
  /** The upstream serves as many connections as it may. */
  BUSY(10, false),
  /** The upstream is about to stop. */
  STOPPING(11, false),
  /** The upstream failed; its log says more. */
  INTERNAL(12, false),
  /**
   * The peer is not who it says it is, or may not connect: its certificate, name or lack of TLS.
   */
  NOT_AUTHORIZED(13, true),
  /** The upstream has put another copy in the place of the one it served: ask again. */
  REPLACED(14, false),
  /** The upstream's copy was contradicted and is not served, not to followers either. */
  WITHHELD(16, false),
  /** The upstream is a standby root: another root is active, or none is yet. */
  NOT_ACTIVE(17, false);

  private final int number;
  private final boolean isFinal;

  RefusalCode(int number, boolean isFinal) {
    this.number = number;
    this.isFinal = isFinal;
  }

  int number() {
    return number;
  }

  /** Returns whether asking this upstream again cannot help until someone changes something. */
  public boolean isFinal() {
    return isFinal;
  }

  static @Nullable RefusalCode of(int number) {
    for (RefusalCode code : values()) {
      if (code.number == number) {
        return code;
      }
    }
    return null;
  }
}
