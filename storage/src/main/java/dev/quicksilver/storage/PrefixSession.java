package dev.quicksilver.storage;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;

/**
 * A write session of a {@link PrefixReplica}: blocks of the source's log, pieces of its snapshots,
 * then {@link #commit()}; all or nothing. Everything is verified as it comes. For one platform
 * thread.
 */
public final class PrefixSession implements AutoCloseable {
  private final Applier applier;
  private final DatabaseIdentity identity;
  private final Runnable committed;

  PrefixSession(Applier applier, DatabaseIdentity identity, Runnable committed) {
    this.applier = applier;
    this.identity = identity;
    this.committed = committed;
  }

  /** Returns the head as this session would leave it. */
  public Head head() {
    return applier.head();
  }

  /**
   * Returns the key after which the next piece has to begin; null if that is the first, or none.
   */
  public byte @Nullable [] bound() {
    return applier.held().bound();
  }

  /** Returns whether all pairs are here, once this is committed. */
  public boolean complete() {
    return applier.held().complete();
  }

  /** Returns how many pairs are here, once this is committed. */
  public long pairs() {
    return applier.pairs.count();
  }

  /**
   * Applies a block to the pairs that are here, and stores it.
   *
   * @throws StorageException DIVERGED if the block does not continue the history, CORRUPT
   * @throws IOException if the source fails
   */
  public void apply(BlockHeader header, SegmentSource segments) throws IOException {
    applier.apply(header, segments);
  }

  /**
   * Adds the pairs of the piece that comes next. The log must have been applied up to the sequence
   * at which the piece was read. The last one says what content digest all of it must have; {@link
   * PrefixReplica#finish} computes that of what was stored.
   *
   * @throws StorageException DIVERGED if the piece is of another history; INVALID_ARGUMENT if it is
   *     not the next one; CORRUPT if it is damaged
   * @throws IOException if the source of the segments fails
   */
  public void append(SnapshotPieceHeader header, SegmentSource segments) throws IOException {
    applier.requireUsable();
    try {
      requireNext(header);
      SnapshotPairs pairs = new SnapshotPairs(header, segments);
      while (pairs.next()) {
        applier.pairs.append(
            pairs.key,
            pairs.keyLength,
            pairs.value,
            pairs.valueOffset,
            pairs.valueLength,
            pairs.sequence,
            pairs.commitTime);
      }
      byte[] upTo = header.upTo();
      CopyState held = applier.held();
      if (upTo == null) { // what all of it must have: that it does is verified before its use
        applier.pairs.digest(header.head().contentDigest());
      }
      applier.hold(upTo == null ? held.completed() : held.upTo(upTo));
      applier.position = header.head().position();
    } catch (IOException e) {
      throw applier.failed(e);
    } catch (RuntimeException e) {
      throw applier.failed(e);
    }
  }

  /** Adds one pair of a load; the bound follows. Refuses a key that is out of order and goes on. */
  void append(
      byte[] key, int keyLength, byte[] value, int valueLength, long sequence, long commitTime) {
    applier.requireUsable();
    try {
      applier.pairs.append(key, keyLength, value, 0, valueLength, sequence, commitTime);
    } catch (StorageException e) {
      throw e.code() == ErrorCode.INVALID_ARGUMENT ? e : applier.failed(e);
    }
    applier.sequence = sequence;
  }

  private void requireNext(SnapshotPieceHeader header) {
    if (!header.databaseId().equals(identity.id())) {
      throw new StorageException(
          ErrorCode.DIVERGED,
          "a piece of database " + header.databaseId() + " is none of " + identity.id());
    }
    Head here = applier.head();
    if (header.head().lastSequence() != here.lastSequence()
        || !header.head().chainHash().equals(here.chainHash())) {
      throw new StorageException(
          ErrorCode.DIVERGED,
          "a piece was read at sequence "
              + header.head().lastSequence()
              + " with chain hash "
              + header.head().chainHash()
              + ", the copy stands at "
              + here.lastSequence()
              + " with "
              + here.chainHash());
    }
    if (applier.held().complete() || !Arrays.equals(header.after(), bound())) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "this piece does not continue where the copy ends");
    }
  }

  /**
   * Commits everything: it survives this process, and is written to the disk while the next session
   * goes on. The session has then ended.
   *
   * @throws StorageException IO also if what was committed before could not be written
   */
  public Head commit() {
    applier.requireUsable();
    if (applier.held().kind() == CopyState.Kind.LOAD) {
      applier.hold(applier.held().upTo(applier.pairs.largest()));
    }
    try {
      applier.environment.meta.put(
          applier.txn,
          WriteSession.direct(CopyState.KEY),
          WriteSession.direct(applier.held().encode()));
    } catch (LmdbException e) {
      throw applier.failed(LmdbErrors.of(e, applier.environment.path));
    }
    FailPoint.hit("copy.before-commit");
    Head after = applier.commit();
    FailPoint.hit("copy.after-commit");
    committed.run();
    return after;
  }

  /** Throws everything away that was not committed. */
  @Override
  public void close() {
    applier.close();
  }
}
