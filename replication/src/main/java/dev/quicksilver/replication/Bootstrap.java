package dev.quicksilver.replication;

import dev.quicksilver.replication.FollowerPhase.Copying;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.PrefixReplica;
import dev.quicksilver.storage.copy.PrefixSession;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.Verification;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a database from whichever peer can serve it, beside the one in use, verifies the copy and
 * puts it in that one's place. Goes on where it was cut, after a restart too, and from another peer
 * if that has the same history. Or copies the one in use itself. Run by the follower's platform
 * thread.
 */
final class Bootstrap {
  /** What came of one round over all peers; if it was not used, a later round goes on. */
  record Result(boolean used, String why) {}

  /** The node stops, or was told to begin anew. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1;

    Interrupted() {
      super("stopped", null, false, false);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Bootstrap.class);
  private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** What a cut may cost, in bytes or in time, and what one commit has to write. */
  private static final long COMMIT_BYTES = 16L << 20;

  private static final long COMMIT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int PIECE_BYTES = 4 << 20;

  /** Rounds without any progress after which peers that cannot be reached count no longer. */
  private static final int PATIENT_ROUNDS = 20;

  private final String name;
  private final OwnHistory history;
  private final ReplicationConfig config;
  private final DatabaseSet databases;
  private final FollowerLife life;
  private final Ticker ticker;
  private final RefusalCounts refusals;
  private final List<Upstream> peers;
  private int roundsWithout;
  private long nextReport;
  private Copying now = Copying.BEGUN;

  Bootstrap(
      String name,
      OwnHistory history,
      ReplicationConfig config,
      DatabaseSet databases,
      FollowerLife life,
      Ticker ticker,
      RefusalCounts refusals) {
    this.name = name;
    this.history = history;
    this.config = config;
    this.databases = databases;
    this.life = life;
    this.ticker = ticker;
    this.refusals = refusals;
    this.peers = Upstream.inOrder(config.upstreams());
    this.nextReport = ticker.nanos();
  }

  /** Says whether a copy was begun that is not in use yet. */
  boolean begun() {
    return databases.copyBegun(name);
  }

  /** Throws away what was copied, if anything, and makes sure that a copy will be made. */
  void anew() {
    databases.abandonCopy(name);
    databases.copyFolder(name);
  }

  /**
   * Asks each peer once, the preferred first, until one has given all that is missing.
   *
   * @param phase the follower's, which goes on with the connection and the progress
   */
  Result run(Copying phase) {
    now = phase;
    StringBuilder why = new StringBuilder();
    int useless = 0;
    boolean grew = false;
    try {
      for (Upstream peer : peers) {
        long before = pairs();
        try {
          fetch(peer);
          return use();
        } catch (RefusedException e) {
          refusals.add(peer, e.refusal().code());
          useless += cannotHelp(e.refusal().code()) ? 1 : 0;
          note(why, peer, e.refusal().code() + ": " + e.refusal().message());
        } catch (StorageException e) {
          if (isOurs(e)) {
            LOG.error("copying database {}: {} {}", name, e.code(), e.getMessage(), e);
            return new Result(false, "copying: " + e.code() + ": " + e.getMessage());
          }
          LOG.error("database {} cannot be copied from {}: {}", name, peer, e.getMessage());
          useless++;
          note(why, peer, e.code() + ": " + e.getMessage());
        } catch (IOException e) {
          note(why, peer, String.valueOf(e.getMessage()));
        } finally {
          change(now.withoutLink());
        }
        grew |= pairs() > before;
        if (life.interrupted()) {
          return new Result(false, "stopped");
        }
      }
    } catch (Interrupted e) {
      return new Result(false, "stopped");
    }
    roundsWithout = grew ? 0 : roundsWithout + 1;
    boolean hopeless = useless == peers.size() || (useless > 0 && roundsWithout >= PATIENT_ROUNDS);
    if (hopeless) {
      roundsWithout = 0;
      if (holdsSomething()) {
        LOG.warn("database {}: no peer goes on with the copy that was begun; it begins anew", name);
        anew();
      } else {
        databases.abandonCopy(name); // following will say what is wrong
      }
    }
    return new Result(false, why.toString());
  }

  /**
   * Makes the copy of the database that is here, with its log, and puts it in that one's place.
   * What was begun and is not used is thrown away: the one that is here does as well.
   */
  Result ofOwn(Database own) {
    now = Copying.BEGUN;
    boolean used = false;
    try {
      anew();
      SnapshotCopy.copyWithLog(own, databases.copyFolder(name), this::copyingOwn);
      Result result = use();
      used = true;
      return result;
    } catch (Interrupted e) {
      return new Result(false, "stopped");
    } catch (StorageException e) {
      LOG.error("database {} was not copied: {} {}", name, e.code(), e.getMessage(), e);
      return new Result(false, "copying what is here: " + e.code() + ": " + e.getMessage());
    } finally {
      if (!used) {
        databases.abandonCopy(name);
      }
    }
  }

  private void copyingOwn(VerifyProgress.Stage stage, long done, long total) {
    switch (stage) {
      case COPY -> report(new CopyStatus("", false, done, total, 0));
      case PAIRS -> report(new CopyStatus("", true, done, total, 0));
      case COPY_LOG, LOG -> report(now.copy().orElse(new CopyStatus("", false, 0, total, 0)));
    }
  }

  private static void note(StringBuilder why, Upstream peer, String what) {
    why.append(why.isEmpty() ? "copying: " : "; ").append(peer).append(": ").append(what);
  }

  /**
   * Says whether a peer can never go on with this copy. One that does not talk to this node at all
   * says nothing of the copy: what was copied is kept until that is cured.
   */
  private static boolean cannotHelp(RefusalCode code) {
    return switch (code) {
      case SNAPSHOT_NEEDED, FORK, WRONG_DATABASE -> true;
      case NOT_THE_PROTOCOL,
          VERSION,
          CODEC,
          SELF,
          UNKNOWN_DATABASE,
          UPSTREAM_BEHIND,
          BUSY,
          STOPPING,
          INTERNAL,
          NOT_AUTHORIZED,
          REPLACED,
          WITHHELD,
          NOT_ACTIVE ->
          false;
    };
  }

  /** Says whether another peer would do no better. */
  private static boolean isOurs(StorageException e) {
    return switch (e.code()) {
      case NO_SPACE,
          IO,
          NOT_FOUND,
          ALREADY_EXISTS,
          WRONG_FORMAT,
          UNFINISHED,
          UNSUPPORTED,
          SNAPSHOT_TOO_OLD ->
          true;
      case INVALID_ARGUMENT, NOT_IN_LOG, DIVERGED, CORRUPT -> false;
    };
  }

  private long pairs() {
    return now.copy().map(CopyStatus::pairs).orElse(0L);
  }

  private void change(Copying next) {
    now = next;
    life.goOn(next);
  }

  private boolean holdsSomething() {
    return begun() && Files.exists(databases.copyFolder(name).resolve("data.mdb"));
  }

  // ---- one peer

  private void fetch(Upstream peer) throws IOException {
    Path folder = databases.copyFolder(name);
    PrefixReplica copy = null;
    try {
      copy = resumed(folder);
      if (copy != null) {
        FailPoint.hit("bootstrap.resumed");
      }
      if (copy == null && finished(folder)) {
        return;
      }
      if (copy == null || !copy.complete()) {
        UpstreamLink link = new UpstreamLink(peer, config.transport());
        change(now.over(link));
        UpstreamLink.Session session =
            link.open(history.copyHello(databases.get(name), copy), config.silence());
        try (CopyLink from = new CopyLink(session, PIECE_BYTES)) {
          if (copy == null) {
            copy =
                PrefixReplica.create(
                    folder,
                    session.server().database().identity(),
                    from.begin(),
                    databases.options());
          } else {
            from.goOn(copy.head(), copy.bound());
          }
          pull(copy, from, session.server().node());
        }
        change(now.withoutLink());
      }
      verify(copy);
    } finally {
      if (copy != null) {
        copy.close();
      }
    }
  }

  /** Opens what was begun; a copy that is damaged is thrown away. */
  private @Nullable PrefixReplica resumed(Path folder) {
    try {
      return PrefixReplica.resume(folder, databases.options());
    } catch (StorageException e) {
      if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.ALREADY_EXISTS) {
        return null; // not begun, or finished
      }
      if (e.code() == ErrorCode.CORRUPT || e.code() == ErrorCode.WRONG_FORMAT) {
        LOG.warn("database {}: the copy that was begun is thrown away: {}", name, e.getMessage());
        anew();
      }
      throw e;
    }
  }

  private static boolean finished(Path folder) {
    return Files.exists(folder.resolve("data.mdb"));
  }

  private void pull(PrefixReplica copy, CopyLink from, String node) throws IOException {
    LOG.info("database {}: copying from node {}, {} pairs are here", name, node, copy.pairs());
    while (!copy.complete()) {
      long before = from.bytes();
      long began = ticker.nanos();
      try (PrefixSession session = copy.write()) {
        while (!session.complete()
            && from.bytes() - before < COMMIT_BYTES
            && ticker.nanos() - began < COMMIT_NANOS) {
          from.answer(session);
          report(new CopyStatus(node, false, session.pairs(), from.pairsOfSource(), from.bytes()));
        }
        session.commit();
      }
      FailPoint.hit("bootstrap.after-commit");
    }
  }

  private void verify(PrefixReplica copy) {
    try {
      Verification verified = copy.finish(this::verifying);
      LOG.info(
          "database {}: the copy is verified at sequence {}, {} pairs",
          name,
          verified.head().lastSequence(),
          verified.pairs());
    } catch (StorageException e) {
      if (e.code() == ErrorCode.CORRUPT) {
        copy.close();
        anew();
      }
      throw e;
    }
  }

  private void verifying(VerifyProgress.Stage stage, long done, long total) {
    if (stage == VerifyProgress.Stage.PAIRS) {
      report(new CopyStatus("", true, done, total, 0));
    }
  }

  private void report(CopyStatus progress) {
    change(now.at(progress));
    if (life.interrupted()) {
      throw new Interrupted();
    }
    long time = ticker.nanos();
    if (time - nextReport >= 0) {
      nextReport = time + REPORT_NANOS;
      life.move(now, progress.toString());
      LOG.info("database {}: {}", name, progress);
    }
  }

  private Result use() {
    FailPoint.hit("bootstrap.before-swap");
    Database used = databases.useCopy(name);
    FailPoint.hit("bootstrap.after-swap");
    roundsWithout = 0;
    return new Result(
        true, "serves the copy that was made, at sequence " + used.head().lastSequence());
  }
}
