package dev.quicksilver.gateway.start;

import dev.quicksilver.storage.Position;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file in the data directory of a root whose first start has not ended: the databases there are
 * copies of tables, complete up to the position in it, and nobody has followed them yet.
 */
final class FirstStartMark {
  private final Path folder;
  private final Path file;

  FirstStartMark(Path dataDirectory) {
    folder = dataDirectory;
    file = dataDirectory.resolve("first-start");
  }

  /** Sets it durably. */
  void set(long lsn) throws IOException {
    Files.writeString(file, Position.formatLsn(lsn) + "\n");
    sync(file, StandardOpenOption.WRITE);
    sync(folder, StandardOpenOption.READ);
  }

  /** Returns the position, as PostgreSQL writes it; empty if the first start has ended. */
  Optional<String> read() throws IOException {
    return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
  }

  /** Removes it durably. */
  void remove() throws IOException {
    if (Files.deleteIfExists(file)) {
      sync(folder, StandardOpenOption.READ);
    }
  }

  private static void sync(Path path, StandardOpenOption how) throws IOException {
    try (FileChannel channel = FileChannel.open(path, how)) {
      channel.force(true);
    }
  }
}
