package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.LmdbErrors;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.lmdb.UnsyncedMark;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.CopyState;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import dev.quicksilver.storage.record.MetaReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A database in the making: an environment that at each commit holds exactly the pairs up to a key,
 * its <em>bound</em>, of another one as of some sequence, and the log from where the making began.
 * It follows the source's log like any replica, for the part that it holds, and grows by {@link
 * SnapshotPiece}s. Nothing is lost when it is killed: the bound is committed with the pairs. {@link
 * Database#open} refuses it until {@link #finish} has verified it.
 *
 * <p>Its commits do not wait for the disk, since nobody uses it before it is finished; the disk
 * writes meanwhile, and all is on it when it is finished or closed. If the machine itself stops
 * before that, it begins anew (see {@link UnsyncedMark}).
 *
 * <p>For one thread at a time; writing needs a platform thread.
 */
public final class PrefixReplica implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PrefixReplica.class);
  private static final String MAKING = "making";

  private final Database database;
  private final UnsyncedMark mark;
  private final WriteBack writeBack;
  private boolean unsynced;
  private @Nullable StorageException lost;

  private PrefixReplica(Database database, UnsyncedMark mark) {
    this.database = database;
    this.mark = mark;
    this.writeBack = new WriteBack(database.folder().resolve(Environment.FILE));
  }

  /**
   * Makes one that holds nothing yet.
   *
   * @param start where the source stands: the log begins after it
   * @throws StorageException ALREADY_EXISTS if the folder holds an environment
   */
  public static PrefixReplica create(
      Path folder, DatabaseIdentity identity, Head start, StorageOptions options) {
    return create(folder, identity, start, CopyState.Kind.COPY, options);
  }

  /**
   * The environment appears in its folder by a rename, so that it has all its records or is not.
   */
  static PrefixReplica create(
      Path folder,
      DatabaseIdentity identity,
      Head start,
      CopyState.Kind kind,
      StorageOptions options) {
    UnsyncedMark.of(folder, options).discardLost();
    if (Files.exists(folder.resolve(Environment.FILE))) {
      throw new StorageException(ErrorCode.ALREADY_EXISTS, "there is a database in " + folder);
    }
    Path making = folder.resolve(MAKING);
    Head nothing =
        new Head(
            start.lastSequence(),
            start.chainHash(),
            ContentDigest.EMPTY,
            start.position(),
            start.commitTime(),
            start.lastSequence() + 1);
    try {
      Durable.deleteTree(making);
      Database.create(making, identity, options, nothing, CopyState.start(kind)).close();
      FailPoint.hit("copy.before-start");
      Durable.syncFile(making.resolve(Environment.FILE));
      Files.move(
          making.resolve(Environment.FILE),
          folder.resolve(Environment.FILE),
          StandardCopyOption.ATOMIC_MOVE);
      Durable.syncFolder(folder);
      Durable.deleteTree(making);
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO, "a database could not be created in " + folder + ": " + e, e);
    }
    FailPoint.hit("copy.after-start");
    return open(folder, kind, options);
  }

  /**
   * Opens one that was begun before.
   *
   * @throws StorageException NOT_FOUND if there is none, or none any more: what was being made when
   *     the machine stopped is thrown away; ALREADY_EXISTS if it is finished and can be opened as a
   *     database
   */
  public static PrefixReplica resume(Path folder, StorageOptions options) {
    return open(folder, CopyState.Kind.COPY, options);
  }

  static PrefixReplica open(Path folder, CopyState.Kind kind, StorageOptions options) {
    UnsyncedMark mark = UnsyncedMark.of(folder, options);
    mark.discardLost();
    PrefixReplica opened = new PrefixReplica(Database.openUnfinished(folder, options), mark);
    try {
      CopyState state = opened.state();
      if (state.kind() != kind) {
        throw new StorageException(
            ErrorCode.ALREADY_EXISTS,
            folder + " holds an unfinished load, not a copy; resume it or remove the folder");
      }
      mark.set();
      opened.unsynced = true;
      FailPoint.hit("copy.after-mark");
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  /** Returns whose copy it is. */
  public DatabaseIdentity identity() {
    return database.identity();
  }

  /**
   * Returns where it stands; the content digest is that of its source once it is complete, and of
   * nothing before.
   */
  public Head head() {
    return database.head();
  }

  /** Returns the key up to which all pairs are here; null if none are yet, or all. */
  public byte @Nullable [] bound() {
    return state().bound();
  }

  /** Returns whether all pairs are here; then only {@link #finish} is missing. */
  public boolean complete() {
    return state().complete();
  }

  /** Returns how many pairs are here. */
  public long pairs() {
    try (Snapshot snapshot = database.snapshot()) {
      return snapshot.pairs();
    }
  }

  CopyState state() {
    try (Snapshot snapshot = database.snapshot()) {
      byte[] stored = MetaReader.record(snapshot.transaction(), MetaFormat.COPY_KEY);
      if (stored == null) {
        throw new StorageException(
            ErrorCode.ALREADY_EXISTS, "there is a finished database in " + database.folder());
      }
      return CopyState.decode(stored, database.folder());
    }
  }

  Database database() {
    return database;
  }

  /** Begins to write: waits for LMDB's one write lock. From a platform thread only. */
  public PrefixSession write() {
    return new PrefixSession(database, state(), this::committed);
  }

  private void committed() {
    if (database.options().durable()) {
      try {
        writeBack.next();
      } catch (StorageException e) {
        throw notWritten(e);
      }
    }
  }

  /** What the disk refused may be gone from memory too: none of it must ever be used. */
  private StorageException notWritten(StorageException e) {
    lost = e;
    mark.distrust();
    return e;
  }

  /** Waits until all is on the disk; later commits wait for it themselves. */
  private void settle() {
    if (lost != null) {
      throw lost;
    }
    if (!unsynced) {
      return;
    }
    if (database.options().durable()) {
      try {
        writeBack.await();
        database.environment().becomeDurable();
      } catch (StorageException e) {
        throw notWritten(e);
      }
    }
    FailPoint.hit("copy.after-sync");
    mark.remove();
    unsynced = false;
    FailPoint.hit("copy.after-unmark");
  }

  /**
   * Verifies all of it and makes it a database as any other. Close this then, and open that.
   *
   * @return what was verified
   * @throws StorageException UNFINISHED if pairs are missing; CORRUPT if it is not clean: then
   *     remove the folder
   */
  public Verification finish(VerifyProgress progress) {
    if (!complete()) {
      throw new StorageException(
          ErrorCode.UNFINISHED, "the copy in " + database.folder() + " is not complete");
    }
    FailPoint.hit("copy.before-verify");
    Verification verified = Verifier.verify(database, progress).requireClean();
    FailPoint.hit("copy.before-finish");
    endMaking(null);
    FailPoint.hit("copy.after-finish");
    return verified;
  }

  /**
   * Takes the mark of the unfinished away, in one commit with a new head record if there is one.
   */
  void endMaking(byte @Nullable [] head) {
    settle();
    Environment environment = database.environment();
    try (Txn<ByteBuffer> txn = environment.beginWrite()) {
      if (head != null) {
        environment.meta().put(txn, Bytes.direct(MetaFormat.HEAD_KEY), Bytes.direct(head));
      }
      environment.meta().delete(txn, Bytes.direct(MetaFormat.COPY_KEY));
      txn.commit();
    } catch (LmdbException e) {
      throw LmdbErrors.of(e, database.folder());
    } finally {
      environment.finished();
    }
  }

  /** Ends it; what was committed is on the disk then, if the disk takes it. */
  @Override
  public void close() {
    try {
      settle();
    } catch (StorageException e) {
      LOG.warn("{} is not on the disk: {}", database, e.getMessage(), e);
    } finally {
      database.close();
    }
  }
}
