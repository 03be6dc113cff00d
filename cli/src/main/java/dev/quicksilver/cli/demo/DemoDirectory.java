package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where a demo's files are; closing removes them unless they are to be kept. */
final class DemoDirectory implements AutoCloseable {
  private final Path path;
  private volatile boolean keep;

  private DemoDirectory(Path path) {
    this.path = path;
  }

  /**
   * Makes the directory.
   *
   * @param wanted must be empty or not there; a new temporary directory if none is wanted
   */
  static DemoDirectory create(Optional<Path> wanted) throws IOException {
    if (wanted.isEmpty()) {
      return new DemoDirectory(Files.createTempDirectory("quicksilver-demo-"));
    }
    Path path = wanted.get().toAbsolutePath().normalize();
    Files.createDirectories(path);
    try (Stream<Path> entries = Files.list(path)) {
      if (entries.findAny().isPresent()) {
        throw new CommandException(
            ExitCode.USAGE,
            "--dir " + path + " is not empty: name a directory that does not exist yet");
      }
    }
    return new DemoDirectory(path);
  }

  Path path() {
    return path;
  }

  /** Leaves the files where they are. */
  void keep() {
    keep = true;
  }

  boolean isKept() {
    return keep;
  }

  @Override
  public void close() throws IOException {
    if (keep || !Files.exists(path)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(path)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
