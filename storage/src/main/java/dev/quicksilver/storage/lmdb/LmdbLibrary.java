package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import org.lmdbjava.Meta;
import org.lmdbjava.TargetName;

/**
 * LMDB's library, which lmdbjava brings: unpacked and loaded by ourselves, since a process that
 * only reads has no use for lmdbjava, whose calls take long to make. A process that writes has
 * lmdbjava use the same library. Safe for all threads.
 */
@SuppressWarnings("restricted") // loading C is what this class is for
final class LmdbLibrary {
  private static final String FILE = "lmdb.so";

  /** Loaded once, by whoever is first. */
  private static final class Once {
    static final Loaded LOADED = load();
  }

  /** Told once, by whoever writes first. */
  private static final class Lmdbjava {
    static {
      if (configured().isEmpty()) {
        useTheSame(Once.LOADED.file());
      }
    }

    static void tell() {}
  }

  /**
   * The library.
   *
   * @param file where it was when it was loaded, in the words of the system's loader
   */
  private record Loaded(Path file, SymbolLookup lookup) {}

  private LmdbLibrary() {}

  /**
   * Returns its functions.
   *
   * @throws StorageException IO if it cannot be unpacked or loaded
   */
  static SymbolLookup lookup() {
    return Once.LOADED.lookup();
  }

  /** Makes sure that lmdbjava uses it, before it is used itself. */
  static void shareWithLmdbjava() {
    var _ = lookup();
    Lmdbjava.tell();
  }

  private static String configured() {
    return System.getProperty(TargetName.LMDB_NATIVE_LIB_PROP, "");
  }

  private static Loaded load() {
    if (!configured().isEmpty()) {
      Path file = Path.of(configured());
      return new Loaded(file, SymbolLookup.libraryLookup(file, Arena.global()));
    }
    try {
      return NativeLibraries.load(
          "lmdb",
          folder -> {
            Path file = unpack(folder.toRealPath().resolve(FILE));
            return new Loaded(file, SymbolLookup.libraryLookup(file, Arena.global()));
          });
    } catch (IOException e) {
      throw notUnpacked(e);
    }
  }

  /**
   * Has lmdbjava load the library by the name that it is already loaded by: the system's loader
   * then returns what it has. The file is there once more meanwhile, in case that it looks.
   */
  private static void useTheSame(Path file) {
    Path folder = file.resolveSibling("");
    try {
      Files.createDirectories(folder);
      try {
        System.setProperty(TargetName.LMDB_NATIVE_LIB_PROP, unpack(file).toString());
        Meta.version();
      } finally {
        System.clearProperty(TargetName.LMDB_NATIVE_LIB_PROP);
        Durable.deleteTree(folder);
      }
    } catch (IOException e) {
      throw notUnpacked(e);
    }
    if (!TargetName.RESOLVED_FILENAME.equals(file.toString())) {
      throw new StorageException(
          ErrorCode.IO,
          "lmdbjava was used in this process before Quicksilver's storage, with a library of its"
              + " own; name one for both with -Dlmdbjava.native.lib=…");
    }
  }

  private static Path unpack(Path file) throws IOException {
    String name = resource(System.getProperty("os.arch", ""), System.getProperty("os.name", ""));
    try (InputStream library = Meta.class.getClassLoader().getResourceAsStream(name)) {
      if (library == null) {
        throw new StorageException(
            ErrorCode.UNSUPPORTED,
            "LMDB's library for this system does not come along ("
                + name
                + "); name one with -Dlmdbjava.native.lib=…");
      }
      Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  /** Returns where lmdbjava has the library, by the JVM's names of processor and system. */
  static String resource(String processor, String system) {
    String told = System.getProperty(TargetName.LMDB_EMBEDDED_LIB_PROP, "");
    if (!told.isEmpty()) {
      return told;
    }
    return "org/lmdbjava/native/"
        + (processor.equals("amd64") ? "x86_64" : processor.toLowerCase(Locale.ROOT))
        + (system.startsWith("Mac OS") ? "-macos-none" : "-linux-gnu")
        + ".so";
  }

  private static StorageException notUnpacked(IOException e) {
    return new StorageException(
        ErrorCode.IO,
        "LMDB's library could not be unpacked into "
            + NativeLibraries.folder()
            + ": "
            + e.getMessage()
            + "; free some room or set -Djava.io.tmpdir",
        e);
  }
}
