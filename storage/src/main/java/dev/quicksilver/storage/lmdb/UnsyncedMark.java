package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code unsynced} beside an environment that is being made: its commits do not wait for
 * the disk. It holds one line, the boot id of the machine that writes. It is durable before the
 * first such commit, and goes only once all of them are on the disk. So:
 *
 * <ul>
 *   <li>there is none: the environment can be trusted as any other;
 *   <li>it names the present boot: what a killed process had written is still in the page cache,
 *       and the environment is that of its last commit;
 *   <li>it names another boot, or the present one is not known: some pages are there and others are
 *       not. LMDB must not even open that; it is thrown away.
 * </ul>
 *
 * <p>For one thread at a time.
 */
public final class UnsyncedMark {
  private static final Logger LOG = LoggerFactory.getLogger(UnsyncedMark.class);
  private static final String NAME = "unsynced";

  /** What no boot id is. */
  private static final String NEVER = "failed";

  private final Path folder;
  private final Path file;
  private final Path bootId;

  private UnsyncedMark(Path folder, Path bootId) {
    this.folder = folder;
    this.file = folder.resolve(NAME);
    this.bootId = bootId;
  }

  /** Returns that of an environment's folder, set or not. */
  public static UnsyncedMark of(Path folder, StorageOptions options) {
    return new UnsyncedMark(folder, options.bootId());
  }

  /** Says that commits from now on do not wait for the disk. */
  public void set() {
    try {
      Durable.writeLine(folder, NAME, present());
    } catch (IOException e) {
      throw failed("written", e);
    }
  }

  /** Says that all commits are on the disk. */
  public void remove() {
    try {
      if (Files.deleteIfExists(file)) {
        Durable.syncFolder(folder);
      }
    } catch (IOException e) {
      throw failed("removed", e);
    }
  }

  /** Says that some commit will never be on the disk, although this machine still runs. */
  public void distrust() {
    try {
      Durable.writeLine(folder, NAME, NEVER);
    } catch (IOException e) {
      throw failed("written", e);
    }
  }

  /**
   * Refuses to open what the machine's end may have torn.
   *
   * @throws StorageException UNFINISHED
   */
  public void requireKept() {
    if (lost()) {
      throw new StorageException(
          ErrorCode.UNFINISHED,
          folder
              + " holds what was being made when the machine stopped; begin the snapshot (or the"
              + " load) anew, or remove the folder");
    }
  }

  /** Throws away what the machine's end may have torn. */
  public void discardLost() {
    if (!lost()) {
      return;
    }
    LOG.warn(
        "what was being made in {} is thrown away and begins anew: the machine, or its disk, has"
            + " failed or was restarted since, and the last commits did not wait for the disk",
        folder);
    discard();
  }

  /** Throws away what was being made and is not open; what comes next begins anew. */
  public void discard() {
    try {
      Files.deleteIfExists(folder.resolve(Environment.FILE));
      Files.deleteIfExists(folder.resolve("lock.mdb"));
      Durable.syncFolder(folder);
      FailPoint.hit("copy.between-discards");
      Files.deleteIfExists(file); // last: as long as it is there, nothing is trusted
      Durable.syncFolder(folder);
    } catch (IOException e) {
      throw failed("removed", e);
    }
  }

  private boolean lost() {
    try {
      String marked = Files.readString(file).strip();
      return marked.isEmpty() || !marked.equals(present());
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw failed("read", e);
    }
  }

  /** Returns the present boot id; nothing if the machine does not say. */
  private String present() {
    try {
      return Files.readString(bootId).strip();
    } catch (IOException e) {
      LOG.debug("no boot id in {}", bootId, e);
      return "";
    }
  }

  private StorageException failed(String what, IOException e) {
    return new StorageException(ErrorCode.IO, file + " could not be " + what + ": " + e, e);
  }
}
