package dev.quicksilver.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Copies a live database into another folder, step by step, each step from a snapshot of its own
 * that is held for a few milliseconds: the log since the step before, then the next pairs. Can be
 * killed at any moment and resumed, also from another source with the same history.
 */
final class SnapshotCopy {
  /** Blocks that are applied outside a step's snapshot, before a commit. */
  private static final long LOG_BYTES_PER_COMMIT = 32 << 20;

  private final Database source;
  private final Path folder;
  private final int pieceBytes;
  private final VerifyProgress progress;

  SnapshotCopy(Database source, Path folder, int pieceBytes, VerifyProgress progress) {
    this.pieceBytes = pieceBytes;
    this.source = source;
    this.folder = folder;
    this.progress = progress;
  }

  Verification run() {
    try (PrefixReplica copy = open()) {
      while (!copy.complete()) {
        catchUp(copy);
        step(copy);
      }
      return copy.finish(progress);
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO, source + " could not be copied to " + folder + ": " + e, e);
    }
  }

  private PrefixReplica open() throws IOException {
    Files.createDirectories(folder);
    UnsyncedMark.of(folder, source.options()).discardLost();
    if (!Files.exists(folder.resolve(Database.FILE))) {
      return PrefixReplica.create(folder, source.identity(), source.head(), source.options());
    }
    PrefixReplica copy = PrefixReplica.resume(folder, source.options());
    try {
      requireSameHistory(copy);
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
    return copy;
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
    long until = source.head().lastSequence();
    long next = copy.head().lastSequence() + 1;
    while (next <= until) {
      try (PrefixSession session = copy.write()) {
        LogReader log = source.readLog(next);
        long bytes = 0;
        while (bytes < LOG_BYTES_PER_COMMIT && log.nextSequence() <= until) {
          BlockHeader block = log.nextBlock();
          if (block == null) {
            break;
          }
          session.apply(block, log::nextSegment);
          bytes += block.uncompressedLength();
        }
        next = session.commit().lastSequence() + 1;
      }
    }
  }

  private void step(PrefixReplica copy) throws IOException {
    long total;
    try (PrefixSession session = copy.write()) {
      try (SnapshotPiece piece = source.piece(session.bound(), pieceBytes)) {
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
