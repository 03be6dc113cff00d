package dev.quicksilver.replication;

/** What a follower of one database is doing. */
public enum FollowerState {
  /** Opening a connection to the chosen upstream and exchanging hellos. */
  CONNECTING,
  /** Receiving, verifying and committing blocks. */
  STREAMING,
  /** Copying a snapshot from a peer, since no upstream's log goes back far enough. */
  COPYING,
  /** All upstreams failed; pausing. */
  BACKING_OFF,
  /** Finally refused; does not follow, the copy serves reads. */
  REFUSED,
  /** A block contradicted this copy; does not follow, see {@link DivergencePolicy}. */
  DIVERGED,
  /** The stop sequence was reached. */
  ENDED,
  /** Closed. */
  STOPPED
}
