package dev.quicksilver.bridge.evaluate;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much disk the temporary tables of a session take, on Linux. PostgreSQL bounds temporary
 * files, not these. Their files are named t, the number of the process, _ and a number of the table
 * (storage-file-layout in its manual); a process that writes to some has one of them open. Belongs
 * to one session.
 */
final class TemporaryTables {
  private static final Pattern FILE = Pattern.compile("(t\\d+_)\\d+.*");

  private final Path openFiles;

  /** Those of a process. */
  TemporaryTables(long pid) {
    this.openFiles = Path.of("/proc", Long.toString(pid), "fd");
  }

  /** Bytes of the files; 0 if the process has none open. */
  long bytes() {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(openFiles)) {
      for (Path descriptor : descriptors) {
        Path file = target(descriptor);
        Matcher name = FILE.matcher(String.valueOf(file.getFileName()));
        Path folder = file.getParent();
        if (name.matches() && folder != null && folder.isAbsolute()) {
          return bytes(folder, name.group(1));
        }
      }
    } catch (IOException e) {
      return 0; // it has ended
    }
    return 0;
  }

  private static Path target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor);
    } catch (IOException e) {
      return descriptor; // closed since
    }
  }

  private static long bytes(Path folder, String prefix) throws IOException {
    long all = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, prefix + "*")) {
      for (Path file : files) {
        all += size(file);
      }
    }
    return all;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0; // dropped since
    }
  }
}
