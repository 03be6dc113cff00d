package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lmdbjava.TargetName;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;

/**
 * Where this process's native libraries (LMDB, jffi, Snappy) are unpacked: the first folder with
 * room whose file system lets files be executed, of the one that the process names, the JVM's
 * temporary folder, which hardened machines mount {@code noexec}, and the user's cache. Safe for
 * all threads.
 */
public final class NativeLibraries {
  /** Names a folder that is looked at first; it must exist. Read once, at the first use. */
  public static final String FOLDER_PROPERTY = "quicksilver.native.directory";

  private static final String JFFI_FOLDER = "jffi.extract.dir";
  private static final String SNAPPY = "org.xerial.snappy.";
  private static final String SNAPPY_FOLDER = SNAPPY + "tempdir";

  /** More than the libraries take together. */
  private static final int ROOM = 2 << 20;

  /** Looked for once, by whoever is first. */
  private static final class Once {
    static final Choice CHOICE = choose(candidates(System.getProperty(FOLDER_PROPERTY, "")));

    static {
      if (CHOICE.folder().isPresent() && System.getProperty(JFFI_FOLDER, "").isEmpty()) {
        System.setProperty(JFFI_FOLDER, CHOICE.folder().get().toString());
      }
    }
  }

  /**
   * What became of the search.
   *
   * @param refused why each folder before it was not taken
   */
  record Choice(Optional<Path> folder, List<String> refused) {}

  private NativeLibraries() {}

  /**
   * Makes sure that LMDB's library can be loaded from somewhere, before a class that needs it is
   * initialized and can only fail for good.
   *
   * @throws StorageException as {@link #folder} does
   */
  public static void require() {
    if (System.getProperty(TargetName.LMDB_NATIVE_LIB_PROP, "").isEmpty()) {
      var _ = folder();
    }
  }

  /**
   * Returns the folder.
   *
   * @throws StorageException IO that names the folders and the cure if there is none
   */
  static Path folder() {
    return folder(Once.CHOICE);
  }

  /**
   * Returns the folder that a process would take that looks at this one first; loads nothing.
   *
   * @throws StorageException as {@link #folder} does
   */
  public static Path folderAfter(Path first) {
    return folder(choose(candidates(first.toString())));
  }

  private static Path folder(Choice choice) {
    return choice
        .folder()
        .orElseThrow(
            () ->
                new StorageException(
                    ErrorCode.IO,
                    "there is no folder to load native libraries from: "
                        + String.join(", ", choice.refused())
                        + "; name one with room, on a file system that lets files be executed,"
                        + " with -Djava.io.tmpdir=FOLDER or XDG_CACHE_HOME=FOLDER"));
  }

  /** Unpacks a library into a folder that is its alone, and loads it. */
  @FunctionalInterface
  interface Loader<T> {
    T load(Path folder) throws IOException;
  }

  /**
   * Has a library unpacked into a new folder and loaded, then deletes it: a loaded library needs no
   * name, and a killed process then leaves no file behind.
   */
  static <T> T load(String name, Loader<T> loader) throws IOException {
    Path folder = Files.createTempDirectory(folder(), "quicksilver-" + name + "-");
    folder.toFile().deleteOnExit(); // for a SIGTERM right here
    try {
      return loader.load(folder);
    } finally {
      Durable.deleteTree(folder);
    }
  }

  /**
   * Loads Snappy's library now. Whoever has told Snappy where its library is, or where to unpack
   * it, is obeyed. If it cannot be loaded, Snappy says so when it is first used.
   */
  public static void loadSnappy() {
    boolean told =
        System.getProperties().stringPropertyNames().stream()
            .anyMatch(name -> name.startsWith(SNAPPY));
    if (told || Once.CHOICE.folder().isEmpty()) {
      return;
    }
    try {
      var _ =
          load(
              "snappy",
              folder -> {
                System.setProperty(SNAPPY_FOLDER, folder.toString());
                try {
                  return Snappy.maxCompressedLength(1);
                } finally {
                  System.clearProperty(SNAPPY_FOLDER);
                }
              });
    } catch (IOException | LinkageError | SnappyError e) {
      // The first use of Snappy fails with the reason; readers of LMDB alone do without it.
    }
  }

  private static List<String> candidates(String named) {
    List<String> folders = new ArrayList<>();
    if (!named.isEmpty()) {
      folders.add(named);
    }
    folders.add(System.getProperty("java.io.tmpdir"));
    String cache = System.getenv("XDG_CACHE_HOME");
    folders.add(
        (cache == null || cache.isBlank() ? System.getProperty("user.home") + "/.cache" : cache)
            + "/quicksilver");
    return folders;
  }

  /** Returns the first of some folders that has room, and in which a file can be executed. */
  static Choice choose(List<String> folders) {
    List<String> refused = new ArrayList<>();
    for (String name : folders) {
      try {
        Path folder = Path.of(name);
        Files.createDirectories(folder);
        if (mayExecute(folder)) {
          return new Choice(Optional.of(folder), refused);
        }
        refused.add(folder + " is mounted noexec");
      } catch (IOException | InvalidPathException e) {
        refused.add("cannot write to " + name + " (" + e + ")");
      }
    }
    return new Choice(Optional.empty(), refused);
  }

  /** The kernel answers access(2) for a mount that forbids to execute with no. */
  private static boolean mayExecute(Path folder) throws IOException {
    Path probe =
        Files.createTempFile(
            folder,
            "quicksilver-",
            ".probe",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      Files.write(probe, new byte[ROOM]);
      return Files.isExecutable(probe);
    } finally {
      Files.deleteIfExists(probe);
    }
  }
}
