package dev.quicksilver.replication;

/** What a follower of one database is doing. */
public enum FollowerState implements Message.Numbered {
  /** Opening a connection to the chosen upstream and exchanging hellos. */
  CONNECTING(0),
  /** Receiving, verifying and committing blocks. */
  STREAMING(1),
  /**
   * Copying a snapshot from a peer: no upstream's log goes back far enough, the copy here cannot be
   * opened, or it was told to.
   */
  COPYING(2),
  /** All upstreams failed; pausing. */
  BACKING_OFF(3),
  /** Every upstream refuses finally; asks again at a slow pace, the copy serves reads. */
  REFUSED(4),
  /** A block contradicted this copy; asks again at a slow pace, see {@link DivergencePolicy}. */
  DIVERGED(5),
  /** The stop sequence was reached. */
  ENDED(6),
  /** Closed. */
  STOPPED(7);

  private final int number;

  FollowerState(int number) {
    this.number = number;
  }

  @Override
  public int number() {
    return number;
  }
}
