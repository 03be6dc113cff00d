package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;

/** The one place that turns LMDB's errors into ours. */
public final class LmdbErrors {
  private static final int MAP_FULL = -30792;
  private static final int READERS_FULL = -30790;
  private static final int CORRUPTED = -30796;
  private static final int PAGE_NOTFOUND = -30797;
  private static final int PANIC = -30795;
  private static final int INVALID = -30793;
  private static final int VERSION_MISMATCH = -30794;
  private static final int MAP_RESIZED = -30785;
  private static final int NO_SPACE_LEFT = 28;
  private static final int INPUT_OUTPUT = 5;
  private static final int READ_ONLY = 30;
  private static final int NO_PERMISSION = 13;

  /** A disk with less room than this counts as full when LMDB reports a short write. */
  private static final long NEARLY_NOTHING = 16 << 20;

  private LmdbErrors() {}

  /** Translates a return code of a native read call. */
  static StorageException of(int code, Object where) {
    return of(code, where, null);
  }

  /** Translates an exception of lmdbjava. */
  public static StorageException of(LmdbException e, Object where) {
    return switch (e) {
      case LmdbNativeException other -> of(other.getResultCode(), where, other);
      case LmdbException other ->
          new StorageException(ErrorCode.IO, where + ": " + other.getMessage(), other);
    };
  }

  private static StorageException of(
      int code, Object where, @org.jspecify.annotations.Nullable Throwable cause) {
    return switch (code == INPUT_OUTPUT && isFull(where) ? NO_SPACE_LEFT : code) {
      case MAP_FULL ->
          new StorageException(
              ErrorCode.NO_SPACE,
              "the map of " + where + " is full; raise the map size (data.map-size) or delete data",
              cause);
      case READERS_FULL ->
          new StorageException(
              ErrorCode.NO_SPACE,
              "all reader slots of "
                  + where
                  + " are taken; close some of its readers on this machine",
              cause);
      case INVALID ->
          new StorageException(
              ErrorCode.WRONG_FORMAT, where + " is not an LMDB environment", cause);
      case VERSION_MISMATCH ->
          new StorageException(
              ErrorCode.WRONG_FORMAT, where + " is of another version of LMDB", cause);
      case MAP_RESIZED ->
          new StorageException(
              ErrorCode.IO,
              where + " was grown by another process; reopen it with the same map size",
              cause);
      case NO_SPACE_LEFT ->
          new StorageException(
              ErrorCode.NO_SPACE,
              "the disk that holds "
                  + where
                  + " is full; nothing was lost, writing goes on once"
                  + " there is room",
              cause);
      case READ_ONLY, NO_PERMISSION ->
          new StorageException(
              ErrorCode.IO,
              where
                  + " may not be written ("
                  + NativeLmdb.strerror(code)
                  + "); mount its disk writable and give this user the rights to the folder, its"
                  + " data.mdb and its lock.mdb",
              cause);
      case PANIC ->
          new StorageException(
              ErrorCode.IO,
              where
                  + " was stopped after a write of its meta page had failed; what was acknowledged"
                  + " is safe: restart this process, and look at its disk",
              cause);
      case CORRUPTED, PAGE_NOTFOUND ->
          new StorageException(
              ErrorCode.CORRUPT,
              where
                  + " is damaged ("
                  + NativeLmdb.strerror(code)
                  + "); copy this database anew from another node",
              cause);
      default ->
          new StorageException(
              ErrorCode.IO, where + ": " + NativeLmdb.strerror(code) + " (" + code + ")", cause);
    };
  }

  /** LMDB reports a write that a full disk cut short as an input/output error. */
  public static boolean isFull(Object where) {
    try {
      return where instanceof Path path
          && Files.getFileStore(path).getUsableSpace() < NEARLY_NOTHING;
    } catch (IOException e) {
      return false;
    }
  }
}
