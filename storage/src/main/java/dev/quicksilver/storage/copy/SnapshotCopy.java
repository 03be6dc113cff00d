package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.lmdb.UnsyncedMark;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a live database into another folder, step by step, each step from a snapshot of its own
 * that is held for a few milliseconds: the log since the step before, then the next pairs. Can be
 * killed at any moment and resumed, also from another source with the same history.
 *
 * <p>The copy's log begins where the copy begins: at the source's end, or where the source's log
 * begins. It is then applied to no pairs at all before the first pairs come, so it is checked
 * against the chain hash and stored.
 */
public final class SnapshotCopy {
  /** Blocks that are applied outside a step's snapshot, before a commit. */
  private static final int LOG_BYTES_PER_COMMIT = 32 << 20;

  /** No log is older than this. */
  private static final Duration FOR_EVER = Duration.ofDays(365_000);

  /**
   * How often a copy begins whose source takes the log away under it. The first one wants all of
   * the log, the last one none; those between leave more and more of the oldest.
   */
  private static final int MOST_BEGINNINGS = 5;

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotCopy.class);

  private final Database source;
  private final Path folder;
  private final boolean withLog;
  private final int pieceBytes;
  private final int logBytes;
  private final VerifyProgress progress;
  private final StorageOptions options;
  private int beginnings;

  /**
   * Copies a database as it is in the end into another folder, while readers and the writer go on;
   * no snapshot is held for long meanwhile. If the folder holds a copy that was begun, from this or
   * from another node, goes on with that. The copy is durable and has been verified when this
   * returns; its log begins where the copying began. Call it from a platform thread.
   *
   * @param progress is told of {@link VerifyProgress.Stage#COPY} with each few MiB, then of the
   *     verification
   * @return what verifying the copy has looked at
   * @throws StorageException ALREADY_EXISTS if the folder holds something else; NOT_IN_LOG if the
   *     copy was begun so long ago that the database's log does not reach back to it; DIVERGED if
   *     it has another history; CORRUPT if it is not clean; NO_SPACE, IO
   */
  public static Verification copy(Database source, Path folder, VerifyProgress progress) {
    return begun(source, folder, false, progress).run();
  }

  /**
   * The same with the log that the database keeps: who is behind the copy can follow it from there
   * as from the database. The log goes first, its oldest block before the others, so what the
   * database takes away meanwhile is not missed. If it takes away what the copy needs next, as long
   * as there is nothing but log in the copy, the copy begins anew with less of it. The copy itself
   * takes nothing away, however old or long its log is; that is for whoever writes to it later.
   *
   * @param progress is told of {@link VerifyProgress.Stage#COPY_LOG}, too, with each few MiB
   */
  public static Verification copyWithLog(Database source, Path folder, VerifyProgress progress) {
    return begun(source, folder, true, progress).run();
  }

  private static SnapshotCopy begun(
      Database source, Path folder, boolean withLog, VerifyProgress progress) {
    return new SnapshotCopy(
        source, folder, withLog, SnapshotPiece.GOOD_BYTES, LOG_BYTES_PER_COMMIT, progress);
  }

  /** Takes whether the copy begins with the log that the source keeps. */
  SnapshotCopy(
      Database source,
      Path folder,
      boolean withLog,
      int pieceBytes,
      int logBytes,
      VerifyProgress progress) {
    this.source = source;
    this.folder = folder;
    this.withLog = withLog;
    this.pieceBytes = pieceBytes;
    this.logBytes = logBytes;
    this.progress = progress;
    // How much log to keep is the node's business, and this may be told otherwise.
    this.options = withLog ? source.options().withLog(FOR_EVER, Long.MAX_VALUE) : source.options();
  }

  Verification run() {
    try {
      Files.createDirectories(folder);
      UnsyncedMark.of(folder, options).discardLost();
      while (true) {
        Optional<Verification> done = attempt();
        if (done.isPresent()) {
          return done.get();
        }
        UnsyncedMark.of(folder, options).discard();
      }
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO, source + " could not be copied to " + folder + ": " + e, e);
    }
  }

  /** Returns nothing if the copy has to begin anew, which costs no pairs. */
  private Optional<Verification> attempt() throws IOException {
    try (PrefixReplica copy = open()) {
      try {
        requireSameHistory(copy);
        while (!copy.complete()) {
          catchUp(copy);
          step(copy);
        }
      } catch (StorageException e) {
        if (mayBeginAnew(copy, e)) {
          LOG.info("the copy in {} begins anew: {}", folder, e.getMessage());
          return Optional.empty();
        }
        throw e;
      }
      return Optional.of(copy.finish(progress));
    }
  }

  /** Whether the source has taken away what comes next, and there is nothing here but log. */
  private boolean mayBeginAnew(PrefixReplica copy, StorageException e) {
    return withLog
        && e.code() == ErrorCode.NOT_IN_LOG
        && copy.bound() == null
        && !copy.complete()
        && copy.head().lastSequence() < source.head().lastSequence()
        && beginnings < MOST_BEGINNINGS;
  }

  private PrefixReplica open() {
    if (Files.exists(folder.resolve(Environment.FILE))) {
      return PrefixReplica.resume(folder, options);
    }
    Head start = withLog ? beforeLog() : source.head();
    return PrefixReplica.create(folder, source.identity(), start, options);
  }

  /** Returns where the log of the copy begins that is begun now. */
  private Head beforeLog() {
    try (Snapshot snapshot = source.snapshot()) {
      Head head = snapshot.head();
      long kept = head.lastSequence() + 1 - head.oldestSequence();
      double left = (double) beginnings / (MOST_BEGINNINGS - 1);
      beginnings++;
      long from = head.oldestSequence() + Math.min(kept, (long) Math.ceil(kept * left * left));
      BlockHeader block = snapshot.storedLog(from).nextBlock();
      return block == null
          ? head
          : new Head(
              block.firstSequence() - 1,
              block.before(),
              ContentDigest.EMPTY,
              Position.NONE,
              0,
              block.firstSequence());
    }
  }

  private void requireSameHistory(PrefixReplica copy) {
    Head there = source.head();
    Head here = copy.head();
    if (!copy.identity().id().equals(source.identity().id())) {
      throw new StorageException(
          ErrorCode.ALREADY_EXISTS,
          folder
              + " holds an unfinished copy of another database, "
              + copy.identity().name()
              + "; choose another folder, or remove it");
    }
    if (here.lastSequence() > there.lastSequence()) {
      throw new StorageException(
          ErrorCode.NOT_IN_LOG,
          "the unfinished copy in "
              + folder
              + " stands at sequence "
              + here.lastSequence()
              + ", its source only at "
              + there.lastSequence()
              + "; wait for the source, or resume from another");
    }
    if (here.lastSequence() + 1 < there.oldestSequence()) {
      throw new StorageException(
          ErrorCode.NOT_IN_LOG,
          "the unfinished copy in "
              + folder
              + " stands at sequence "
              + here.lastSequence()
              + ", its source's log begins only at "
              + there.oldestSequence()
              + "; resume from a source with a longer log, or remove the folder and begin anew");
    }
    if (!source.chainHashAt(here.lastSequence()).equals(here.chainHash())) {
      throw new StorageException(
          ErrorCode.DIVERGED,
          "the unfinished copy in "
              + folder
              + " has another history than this source at sequence "
              + here.lastSequence()
              + "; resume from its own source, or remove the folder and begin anew");
    }
  }

  /** Applies what the log holds by now, without holding a snapshot meanwhile. */
  private void catchUp(PrefixReplica copy) throws IOException {
    boolean onlyLog = withLog && copy.bound() == null;
    long until = source.head().lastSequence();
    Head head = copy.head();
    long next = head.lastSequence() + 1;
    while (next <= until) {
      try (PrefixSession session = copy.write()) {
        LogReader log = source.readLog(next);
        long bytes = 0;
        while (bytes < logBytes && log.nextSequence() <= until) {
          BlockHeader block = log.nextBlock();
          if (block == null) {
            break;
          }
          session.apply(block, log::nextSegment);
          bytes += block.uncompressedLength();
        }
        next = session.commit().lastSequence() + 1;
      }
      if (onlyLog) {
        progress.at(
            VerifyProgress.Stage.COPY_LOG,
            next - head.oldestSequence(),
            Math.max(next, until + 1) - head.oldestSequence());
      }
    }
  }

  private void step(PrefixReplica copy) throws IOException {
    long total;
    try (PrefixSession session = copy.write()) {
      try (SnapshotPiece piece = SnapshotPiece.read(source, session.bound(), pieceBytes)) {
        total = piece.pairsOfSource();
        LogReader log = piece.log(session.head().lastSequence() + 1);
        for (BlockHeader block = log.nextBlock(); block != null; block = log.nextBlock()) {
          session.apply(block, log::nextSegment);
        }
        session.append(piece.header(), piece);
      }
      session.commit();
    }
    progress.at(VerifyProgress.Stage.COPY, copy.pairs(), total);
  }
}
