package dev.quicksilver.storage;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.xerial.snappy.Snappy;

/**
 * Where this process's native libraries (LMDB, jffi, Snappy) are unpacked: the first folder whose
 * file system lets files be executed, of the one that the process names, the JVM's temporary
 * folder, which hardened machines mount {@code noexec}, and the user's cache. Safe for all threads.
 */
public final class NativeLibraries {
  /** Names a folder that is looked at first; it must exist. Read once, at the first use. */
  public static final String FOLDER_PROPERTY = "quicksilver.native.directory";

  private static final String JFFI_FOLDER = "jffi.extract.dir";
  private static final String SNAPPY_FOLDER = "org.xerial.snappy.tempdir";

  /** Looked for once, by whoever is first. */
  private static final class Once {
    static final Choice CHOICE = choose(candidates());

    static {
      CHOICE
          .folder()
          .ifPresent(
              folder -> {
                if (System.getProperty(JFFI_FOLDER, "").isEmpty()) {
                  System.setProperty(JFFI_FOLDER, folder.toString());
                }
                if (System.getProperty(SNAPPY_FOLDER, "").isEmpty()) {
                  loadSnappy(folder);
                }
              });
    }
  }

  /** Loads it now, and deletes the file: a process that is killed then leaves none behind. */
  private static void loadSnappy(Path below) {
    try {
      Path folder = Files.createTempDirectory(below, "quicksilver-snappy-");
      folder.toFile().deleteOnExit(); // for a SIGTERM right here
      System.setProperty(SNAPPY_FOLDER, folder.toString());
      try {
        var _ = Snappy.maxCompressedLength(1);
      } finally {
        System.clearProperty(SNAPPY_FOLDER);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
          for (Path file : files) {
            Files.deleteIfExists(file);
          }
        }
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // Snappy then looks for a folder by itself when it is first used, and says what is wrong.
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
   * Returns the folder; the libraries that ask for theirs with a property have been told.
   *
   * @throws StorageException IO that names the folders and the cure if there is none
   */
  static Path folder() {
    return Once.CHOICE
        .folder()
        .orElseThrow(
            () ->
                new StorageException(
                    ErrorCode.IO,
                    "there is no folder to load native libraries from: "
                        + String.join(", ", Once.CHOICE.refused())
                        + "; name one on a file system that lets files be executed with"
                        + " -Djava.io.tmpdir=FOLDER or XDG_CACHE_HOME=FOLDER"));
  }

  private static List<Path> candidates() {
    List<Path> folders = new ArrayList<>();
    String named = System.getProperty(FOLDER_PROPERTY, "");
    if (!named.isEmpty()) {
      folders.add(Path.of(named));
    }
    folders.add(Path.of(System.getProperty("java.io.tmpdir")));
    String cache = System.getenv("XDG_CACHE_HOME");
    folders.add(
        (cache == null || cache.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache))
            .resolve("quicksilver"));
    return folders;
  }

  /** Returns the first of some folders in which a file can be executed. */
  static Choice choose(List<Path> folders) {
    List<String> refused = new ArrayList<>();
    for (Path folder : folders) {
      try {
        Files.createDirectories(folder);
        if (mayExecute(folder)) {
          return new Choice(Optional.of(folder), refused);
        }
        refused.add(folder + " is mounted noexec");
      } catch (IOException e) {
        refused.add("cannot write to " + folder + " (" + e + ")");
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
      return Files.isExecutable(probe);
    } finally {
      Files.deleteIfExists(probe);
    }
  }
}
