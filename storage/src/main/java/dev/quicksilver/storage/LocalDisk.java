package dev.quicksilver.storage;

import dev.quicksilver.storage.MountTable.Mount;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a data directory lies on a disk of this machine. LMDB has its file and its lock file in
 * memory that processes share; a network file system does not share it, and nothing would say so
 * before a read is wrong. Stateless.
 */
public final class LocalDisk {
  private static final Logger LOG = LoggerFactory.getLogger(LocalDisk.class);
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  private static final Set<String> NETWORK =
      Set.of(
          "nfs",
          "nfs4",
          "cifs",
          "smb3",
          "smbfs",
          "9p",
          "afs",
          "ceph",
          "glusterfs",
          "lustre",
          "beegfs",
          "gpfs",
          "ocfs2",
          "gfs2");

  private static final Set<String> NETWORK_BY_FUSE =
      Set.of(
          "fuse.sshfs",
          "fuse.s3fs",
          "fuse.glusterfs",
          "fuse.ceph",
          "fuse.ceph-fuse",
          "fuse.rclone",
          "fuse.gcsfuse",
          "fuse.davfs",
          "fuse.juicefs");

  private static final Set<String> LAYERS = Set.of("overlay", "aufs", "fuse.fuse-overlayfs");

  /** What comes of a file system. */
  enum Verdict {
    /** LMDB works there. */
    GOOD,
    /** LMDB works there if one knows what one does. */
    WARNED_OF,
    /** LMDB does not work there. */
    REFUSED
  }

  private LocalDisk() {}

  /** Judges the type of a file system. */
  static Verdict verdict(String type) {
    if (NETWORK.contains(type) || NETWORK_BY_FUSE.contains(type)) {
      return Verdict.REFUSED;
    }
    boolean warned =
        LAYERS.contains(type)
            || type.startsWith("fuse")
            || type.equals("virtiofs")
            || type.equals("ecryptfs");
    return warned ? Verdict.WARNED_OF : Verdict.GOOD;
  }

  /**
   * Refuses a data directory on a network file system, and warns of what is worth a second thought
   * in the log. Nothing happens where Linux does not say what is mounted.
   *
   * @param dataDirectory which may not be there yet
   * @throws StorageException UNSUPPORTED
   */
  public static void require(Path dataDirectory) {
    doubt(dataDirectory, MOUNTS).ifPresent(warning -> LOG.warn("{}", warning));
  }

  /**
   * The same, but returns what is worth a second thought: one line with its cure.
   *
   * @param mounts a file of the form of {@code /proc/self/mountinfo}
   * @throws StorageException UNSUPPORTED
   */
  public static Optional<String> doubt(Path dataDirectory, Path mounts) {
    return look(dataDirectory, mounts)
        .filter(mount -> verdict(mount.type()) == Verdict.WARNED_OF)
        .map(mount -> warning(dataDirectory, mount));
  }

  /** The same without a warning, for who asks often. */
  static void refuse(Path dataDirectory) {
    look(dataDirectory, MOUNTS);
  }

  private static Optional<Mount> look(Path dataDirectory, Path mounts) {
    try {
      Optional<Mount> mount =
          MountTable.parse(Files.readString(mounts)).of(existing(dataDirectory).toRealPath());
      mount.ifPresent(found -> requireNotRefused(dataDirectory, found));
      return mount;
    } catch (IOException e) {
      LOG.debug("it is not known what {} lies on", dataDirectory, e);
      return Optional.empty();
    }
  }

  private static Path existing(Path path) {
    Path at = path.toAbsolutePath();
    while (!Files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }

  static void requireNotRefused(Path dataDirectory, Mount mount) {
    if (verdict(mount.type()) == Verdict.REFUSED) {
      throw new StorageException(
          ErrorCode.UNSUPPORTED,
          dataDirectory
              + " lies on "
              + mount
              + ": LMDB needs a disk of this machine, since its memory and its locks are not shared"
              + " there; move data.directory to a local file system, and let each machine run a"
              + " node of its own");
    }
  }

  static String warning(Path dataDirectory, Mount mount) {
    return dataDirectory
        + " lies on "
        + mount
        + (LAYERS.contains(mount.type())
            ? ", the layer of a container: it goes with the container, and no other container sees"
                + " what is written there; mount a volume and set data.directory to it"
            : ": if it does not keep the memory of several processes the same, reads are wrong;"
                + " a file system of the kernel's own is safe");
  }
}
