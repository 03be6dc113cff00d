package dev.quicksilver.replication;

import dev.quicksilver.storage.lmdb.Durable;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code instance} in a data directory: the id that tells this node from all others, made
 * with the directory, and where the file was when the node was started last, so that a copy of the
 * directory is known for one and gets an id of its own.
 *
 * <pre>
 * id=       the instance id, a random UUID
 * machine=  which machine: a hash of its machine id; empty where it has none
 * path=     the data directory
 * file=     the file's number on its disk ‖ ":" ‖ when it was made, µs since 1970-01-01 UTC. A copy
 *           of the file has others, a file that was renamed has the same
 * </pre>
 *
 * <p>The id stays when the node is started again, its directory is renamed or moved, or a backup
 * takes its place. It changes where the directory is a copy: on another machine, or on the same
 * while the original is there. What this cannot see (two machines that are the same to the last
 * byte) is seen above, where both report: {@link NodeProblem#CLONED}.
 */
public final class InstanceFile {
  /** The file's name in the data directory. */
  public static final String NAME = "instance";

  private static final Logger LOG = LoggerFactory.getLogger(InstanceFile.class);
  private static final Path MACHINE_ID = Path.of("/etc/machine-id");

  /** What the file says. */
  private record Content(UUID id, String machine, String path, String file) {
    boolean isSame(Content other) {
      return machine.equals(other.machine) && path.equals(other.path) && file.equals(other.file);
    }
  }

  private InstanceFile() {}

  /**
   * Returns the id of the node whose data directory this is; makes one for a new directory and for
   * a copy. Durable when it returns. For the process alone that has claimed the directory.
   *
   * @throws ReplicationException if the file cannot be read or written
   */
  public static UUID open(Path dataDirectory) {
    return open(dataDirectory, MACHINE_ID);
  }

  /** The same on a machine whose id is in this file. */
  static UUID open(Path dataDirectory, Path machineId) {
    try {
      Path file = dataDirectory.toRealPath().resolve(NAME);
      String machine = machine(machineId);
      Optional<Content> found = read(file);
      if (found.isPresent()) {
        Content now = new Content(found.get().id(), machine, path(file), number(file));
        if (now.isSame(found.get())) {
          return now.id();
        }
        if (!isCopy(found.get(), now)) {
          write(file, now.id(), machine);
          return now.id();
        }
      }
      UUID id = UUID.randomUUID();
      write(file, id, machine);
      found.ifPresent(
          old ->
              LOG.warn(
                  "{} is a copy of {}, the data directory of node instance {}{}: from now on it is"
                      + " instance {}",
                  dataDirectory,
                  old.path(),
                  old.id(),
                  old.machine().equals(machine) ? "" : " on another machine",
                  id));
      return id;
    } catch (IOException | UncheckedIOException e) {
      throw new ReplicationException(
          "cannot read or write "
              + dataDirectory.resolve(NAME)
              + " ("
              + e
              + "); give its disk room and this user the right to read and write there",
          e);
    }
  }

  private static boolean isCopy(Content then, Content now) {
    if (!then.machine().equals(now.machine())) {
      return true;
    }
    if (then.file().equals(now.file()) || then.path().equals(now.path())) {
      return false; // renamed, or a backup in its place
    }
    Path original = Path.of(then.path()).resolve(NAME);
    try {
      return read(original).filter(there -> there.id().equals(then.id())).isPresent();
    } catch (IOException e) {
      return true; // another user's, perhaps
    }
  }

  private static String path(Path file) {
    return String.valueOf(file.getParent());
  }

  private static Optional<Content> read(Path file) throws IOException {
    Properties lines = new Properties();
    try {
      lines.load(new StringReader(new String(Files.readAllBytes(file), StandardCharsets.UTF_8)));
      return Optional.of(
          new Content(
              UUID.fromString(lines.getProperty("id", "")),
              lines.getProperty("machine", ""),
              Path.of(lines.getProperty("path", "")).toString(),
              lines.getProperty("file", "")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      LOG.warn("{} cannot be understood; this node gets a new instance id", file);
      return Optional.empty();
    }
  }

  /** Writes it beside and renames it, which keeps its number and its age. */
  private static void write(Path file, UUID id, String machine) throws IOException {
    Path next = file.resolveSibling(NAME + ".next");
    Files.deleteIfExists(next);
    Files.createFile(next);
    Properties lines = new Properties();
    lines.setProperty("id", id.toString());
    lines.setProperty("machine", machine);
    lines.setProperty("path", path(file));
    FileTime made = made(next);
    lines.setProperty("file", number(next));
    try (var writer = Files.newBufferedWriter(next)) {
      lines.store(
          writer,
          "Made by Quicksilver: what tells this node from all others. Removed, the node is another"
              + " one.");
    }
    Files.setLastModifiedTime(next, made); // where the disk knows only this, it is what is read
    Durable.syncFile(next);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    Durable.syncFolder(file.resolveSibling(""));
  }

  private static String number(Path file) throws IOException {
    return Files.getAttribute(file, "unix:ino") + ":" + made(file).to(TimeUnit.MICROSECONDS);
  }

  private static FileTime made(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).creationTime();
  }

  private static String machine(Path machineId) throws IOException {
    if (!Files.isReadable(machineId)) {
      return "";
    }
    String id = Files.readString(machineId).strip();
    try {
      // The machine id itself is for this machine alone, says machine-id(5).
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(("quicksilver " + id).getBytes(StandardCharsets.UTF_8));
      return id.isEmpty() ? "" : HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
