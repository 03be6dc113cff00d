package dev.quicksilver.replication;

import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a copy that a block of its upstream has contradicted. Used by the follower's
 * thread.
 */
final class Divergence {
  private static final Logger LOG = LoggerFactory.getLogger(Divergence.class);

  /** A node whose upstreams are wrong would otherwise copy for ever. */
  private static final long BETWEEN_COPIES = TimeUnit.HOURS.toNanos(1);

  private final String name;
  private final DivergencePolicy policy;
  private final DatabaseSet databases;
  private final Ticker ticker;
  private boolean withheld;
  private volatile String noted; // empty while nothing is
  private long commitsThen;
  private boolean copiedBefore;
  private long copiedAt;

  Divergence(String name, DivergencePolicy policy, DatabaseSet databases, Ticker ticker) {
    this.name = name;
    this.policy = policy;
    this.databases = databases;
    this.ticker = ticker;
    this.withheld = databases.withheld(name).isPresent();
    this.noted = databases.diverged(name).orElse("");
    if (withheld && policy != DivergencePolicy.STOP_SERVING) {
      serveAgain();
    }
  }

  /**
   * Notes that the copy was contradicted.
   *
   * @param commits how many there have been since the start
   * @return what happened and what will be done about it, one line
   */
  String happened(String upstream, String contradiction, long commits) {
    String what =
        "database \"" + name + "\" diverged from upstream " + upstream + ": " + contradiction;
    String cure =
        "; compare both nodes, then have the wrong one copy it anew (quicksilver copy-anew "
            + name
            + ")";
    commitsThen = commits;
    note(what);
    return what
        + switch (policy) {
          case SERVE ->
              "; it takes nothing from there until that fits, and serves what it has" + cure;
          case COPY -> "; it copies the database anew, and serves what it has until then";
          case STOP_SERVING -> {
            withhold(what + cure);
            yield "; it takes nothing from there until that fits, and refuses reads" + cure;
          }
        };
  }

  /** For processes beside this one, which do not know its state. */
  private void note(String what) {
    try {
      noted = what;
      databases.diverged(name, what);
    } catch (StorageException e) {
      LOG.error("it cannot be noted that {}: {}", what, e.getMessage());
    }
  }

  private void withhold(String why) {
    try {
      databases.withhold(name, why);
      withheld = true;
    } catch (StorageException e) {
      LOG.error("database {} cannot be withheld from readers: {}", name, e.getMessage());
    }
  }

  /** Notes that all is well; a commit since proves that the copy is what the upstream has. */
  void well(long commits) {
    if (commits <= commitsThen) {
      return;
    }
    if (!noted.isEmpty()) {
      LOG.info("database {} follows again", name);
      databases.follows(name);
      noted = "";
    }
    if (withheld) {
      LOG.info("database {} is served again", name);
      serveAgain();
    }
  }

  private void serveAgain() {
    databases.serveAgain(name);
    withheld = false;
  }

  /** Notes that another copy is in use, which has no marks. */
  void replaced() {
    withheld = false;
    noted = "";
  }

  /**
   * Returns what has contradicted the copy, as long as nothing has proved it right since; else
   * empty. For any thread.
   */
  String contradiction() {
    return noted;
  }

  /** Returns whether the copy was contradicted and somebody has to say that it be replaced. */
  boolean waits() {
    return !noted.isEmpty() && !copies();
  }

  /** Returns whether the node copies by itself. */
  boolean copies() {
    return policy == DivergencePolicy.COPY;
  }

  /** Returns how long to wait before the node may copy by itself, in ns. */
  long untilCopy() {
    return copiedBefore ? Math.max(0, BETWEEN_COPIES - (ticker.nanos() - copiedAt)) : 0;
  }

  /** Notes that it does so now. */
  void copying() {
    copiedBefore = true;
    copiedAt = ticker.nanos();
  }
}
