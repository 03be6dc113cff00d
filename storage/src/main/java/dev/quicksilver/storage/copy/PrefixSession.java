package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.SegmentSource;
import dev.quicksilver.storage.record.CopyState;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A write session of a {@link PrefixReplica}: blocks of the source's log, pieces of its snapshots,
 * then {@link #commit()}; all or nothing. Everything is verified as it comes. For one platform
 * thread.
 */
public final class PrefixSession extends Applier {
  private final DatabaseIdentity identity;
  private final Runnable committed;

  PrefixSession(Database database, CopyState held, Runnable committed) {
    super(database, held);
    this.identity = database.identity();
    this.committed = committed;
  }

  /**
   * Returns the key after which the next piece has to begin; null if that is the first, or none.
   */
  public byte @Nullable [] bound() {
    return held().bound();
  }

  /** Returns whether all pairs are here, once this is committed. */
  public boolean complete() {
    return held().complete();
  }

  /** Returns how many pairs are here, once this is committed. */
  public long pairs() {
    return writer().count();
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
    requireUsable();
    try {
      requireNext(header);
      SnapshotPairs from = new SnapshotPairs(header, segments);
      while (from.next()) {
        writer().append(from.entry());
      }
      byte[] upTo = header.upTo();
      CopyState held = held();
      if (upTo == null) { // what all of it must have: that it does is verified before its use
        writer().digest(header.head().contentDigest());
      }
      hold(upTo == null ? held.completed() : held.upTo(upTo));
      moveTo(header.head().position());
    } catch (IOException e) {
      throw failed(e);
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  /** Adds one pair of a load; the bound follows. Refuses a key that is out of order and goes on. */
  void append(Entry entry) {
    requireUsable();
    try {
      writer().append(entry);
    } catch (StorageException e) {
      throw e.code() == ErrorCode.INVALID_ARGUMENT ? e : failed(e);
    }
    moveTo(entry.sequence());
  }

  private void requireNext(SnapshotPieceHeader header) {
    if (!header.databaseId().equals(identity.id())) {
      throw new StorageException(
          ErrorCode.DIVERGED,
          "a piece of database " + header.databaseId() + " is none of " + identity.id());
    }
    Head here = head();
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
    if (held().complete() || !Arrays.equals(header.after(), bound())) {
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
  @Override
  public Head commit() {
    requireUsable();
    if (held().kind() == CopyState.Kind.LOAD) {
      hold(held().upTo(writer().largest()));
    }
    putMeta(MetaFormat.COPY_KEY, held().encode());
    FailPoint.hit("copy.before-commit");
    Head after = super.commit();
    FailPoint.hit("copy.after-commit");
    committed.run();
    return after;
  }
}
