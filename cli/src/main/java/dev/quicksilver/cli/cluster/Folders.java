package dev.quicksilver.cli.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What is done to folders as a whole. */
public final class Folders {
  private Folders() {}

  /** Removes a folder with all that is in it; nothing happens if it is not there. */
  public static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    for (Path file : all(folder).reversed()) {
      Files.deleteIfExists(file);
    }
  }

  /**
   * Copies a folder as {@code cp -a} does.
   *
   * @param to is not there yet
   */
  static void copy(Path from, Path to) throws IOException {
    for (Path each : all(from)) {
      Files.copy(
          each,
          to.resolve(from.relativize(each)),
          LinkOption.NOFOLLOW_LINKS,
          StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  /** Each folder before what is in it. */
  private static List<Path> all(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.sorted(Comparator.naturalOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
