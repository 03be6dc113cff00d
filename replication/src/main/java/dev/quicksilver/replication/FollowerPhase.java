package dev.quicksilver.replication;

import java.util.List;
import java.util.Optional;

/**
 * Where the following of one database is, with what is known and what is open in it. {@link
 * NextPhase} says which comes next, {@link FollowerLife} goes there and closes what is left behind,
 * {@link DatabaseFollower} does the work. {@link FollowerState} is what others see of it.
 *
 * <pre>
 * Connecting ──accepted──▶ Streaming ──End──▶ Ended
 *   ▲  │  ▲                 │ ▲ │ └──contradiction──▶ Diverged (──▶ Copying if so configured)
 *   │  │  └────failure──────┘ │ └─another serves better─▶ Moving
 *   │  │                      └──────it accepted, or not────┘
 *   │  └─all failed─▶ BackingOff        nobody left to ask ──▶ Refused
 *   └──────────────────┘                close(), from any ──▶ Stopped
 *
 * Refused, Diverged ──at a slow pace──▶ Connecting; an internal error, from any ──▶ BackingOff
 * Connecting ──no upstream's log reaches back, or a copy was begun──▶ Copying
 * Copying ──the copy is in use──▶ Connecting, ──no peer could go on──▶ BackingOff
 * copyAnew(), from any but Stopped ──▶ Copying
 * Streaming ──a process holds an old snapshot and the file grows──▶ Copying, what is here
 * </pre>
 */
sealed interface FollowerPhase {
  /** What others see. */
  FollowerState shown();

  /** What is open, or is being opened. Any thread may close it, and so end what is done with it. */
  default List<UpstreamLink> links() {
    return List.of();
  }

  /** What may have applied blocks that are not durable; for the follower's thread. */
  default List<UpstreamStream> streams() {
    return List.of();
  }

  /** How far the copy is, while one is being made. */
  default Optional<CopyStatus> copy() {
    return Optional.empty();
  }

  /** Opens a connection to the current upstream and exchanges hellos. */
  record Connecting(UpstreamLink link) implements FollowerPhase {
    @Override
    public FollowerState shown() {
      return FollowerState.CONNECTING;
    }

    @Override
    public List<UpstreamLink> links() {
      return List.of(link);
    }
  }

  /**
   * Receives, verifies and commits blocks.
   *
   * @param nextLook when to look next whether another upstream should be followed, in ns of the
   *     follower's ticker
   */
  record Streaming(UpstreamStream stream, long nextLook) implements FollowerPhase {
    Streaming lookingAt(long later) {
      return new Streaming(stream, later);
    }

    @Override
    public FollowerState shown() {
      return FollowerState.STREAMING;
    }

    @Override
    public List<UpstreamLink> links() {
      return List.of(stream.link());
    }

    @Override
    public List<UpstreamStream> streams() {
      return List.of(stream);
    }
  }

  /**
   * Connects to another upstream; the one that serves is left only when that has accepted.
   *
   * @param from what is gone back to if it does not; all that it has applied is durable
   * @param link to the other one
   */
  record Moving(Streaming from, UpstreamHealth.Move move, UpstreamLink link)
      implements FollowerPhase {
    @Override
    public FollowerState shown() {
      return FollowerState.STREAMING;
    }

    @Override
    public List<UpstreamLink> links() {
      return List.of(from.stream().link(), link);
    }

    @Override
    public List<UpstreamStream> streams() {
      return from.streams();
    }
  }

  /**
   * Makes another copy, from one peer after the other.
   *
   * @param link to the peer that is asked; empty while nothing more is needed from one
   * @param copy how far it is; empty before the first report
   */
  record Copying(Optional<UpstreamLink> link, Optional<CopyStatus> copy) implements FollowerPhase {
    /** Nobody was asked yet. */
    static final Copying BEGUN = new Copying(Optional.empty(), Optional.empty());

    Copying over(UpstreamLink fresh) {
      return new Copying(Optional.of(fresh), copy);
    }

    Copying withoutLink() {
      return new Copying(Optional.empty(), copy);
    }

    Copying at(CopyStatus now) {
      return new Copying(link, Optional.of(now));
    }

    @Override
    public FollowerState shown() {
      return FollowerState.COPYING;
    }

    @Override
    public List<UpstreamLink> links() {
      return link.stream().toList();
    }
  }

  /** Nothing is open; asks again later. */
  sealed interface Waiting extends FollowerPhase {
    /** When, in ns of the follower's ticker. */
    long until();
  }

  /** All upstreams failed. */
  record BackingOff(long until) implements Waiting {
    @Override
    public FollowerState shown() {
      return FollowerState.BACKING_OFF;
    }
  }

  /** Every upstream refuses finally, or would have this node copy what it may not. */
  record Refused(long until) implements Waiting {
    @Override
    public FollowerState shown() {
      return FollowerState.REFUSED;
    }
  }

  /**
   * A block contradicted this copy.
   *
   * @param copies whether the node replaces the copy by itself, now, instead of asking again
   */
  record Diverged(long until, boolean copies) implements Waiting {
    @Override
    public FollowerState shown() {
      return FollowerState.DIVERGED;
    }
  }

  /** It has reached its stop sequence, and rests. */
  record Ended() implements FollowerPhase {
    @Override
    public FollowerState shown() {
      return FollowerState.ENDED;
    }
  }

  /** It was closed: there is no way on. */
  record Stopped() implements FollowerPhase {
    @Override
    public FollowerState shown() {
      return FollowerState.STOPPED;
    }
  }
}
