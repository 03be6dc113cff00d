package dev.quicksilver.storage;

import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;

/** The one place that turns LMDB's errors into ours. */
final class LmdbErrors {
  private static final int MAP_FULL = -30792;
  private static final int READERS_FULL = -30790;
  private static final int CORRUPTED = -30796;
  private static final int PAGE_NOTFOUND = -30797;
  private static final int PANIC = -30795;
  private static final int NO_SPACE_LEFT = 28;

  private LmdbErrors() {}

  /** Translates a return code of a native read call. */
  static StorageException of(int code, Object where) {
    return of(code, where, null);
  }

  /** Translates an exception of lmdbjava. */
  static StorageException of(LmdbException e, Object where) {
    return switch (e) {
      case Env.MapFullException full -> of(MAP_FULL, where, full);
      case Env.ReadersFullException full -> of(READERS_FULL, where, full);
      case Env.FileInvalidException invalid ->
          new StorageException(
              ErrorCode.WRONG_FORMAT, where + " is not an LMDB environment", invalid);
      case Env.VersionMismatchException version ->
          new StorageException(
              ErrorCode.WRONG_FORMAT, where + " is of another version of LMDB", version);
      case Dbi.MapResizedException resized ->
          new StorageException(
              ErrorCode.IO,
              where + " was grown by another process; reopen it with the same map size",
              resized);
      case LmdbNativeException other -> of(other.getResultCode(), where, other);
      case LmdbException other ->
          new StorageException(ErrorCode.IO, where + ": " + other.getMessage(), other);
    };
  }

  private static StorageException of(
      int code, Object where, @org.jspecify.annotations.Nullable Throwable cause) {
    return switch (code) {
      case MAP_FULL ->
          new StorageException(
              ErrorCode.NO_SPACE,
              "the map of " + where + " is full; raise the map size or delete data",
              cause);
      case READERS_FULL ->
          new StorageException(
              ErrorCode.NO_SPACE,
              "all reader slots of " + where + " are taken; close readers or raise max readers",
              cause);
      case NO_SPACE_LEFT ->
          new StorageException(
              ErrorCode.NO_SPACE,
              "the disk that holds "
                  + where
                  + " is full; nothing was lost, writing goes on once"
                  + " there is room",
              cause);
      case CORRUPTED, PAGE_NOTFOUND, PANIC ->
          new StorageException(
              ErrorCode.CORRUPT,
              where + " is damaged (" + NativeLmdb.strerror(code) + "); bootstrap this node again",
              cause);
      default ->
          new StorageException(
              ErrorCode.IO, where + ": " + NativeLmdb.strerror(code) + " (" + code + ")", cause);
    };
  }
}
