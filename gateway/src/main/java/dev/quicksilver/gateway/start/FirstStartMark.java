package dev.quicksilver.gateway.start;

import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file in the data directory of a root whose first start has not ended: the databases there are
 * copies of tables, complete up to the position in it, and nobody has followed them yet.
 */
final class FirstStartMark {
  private static final String NAME = "first-start";

  private final Path folder;
  private final Path file;

  FirstStartMark(Path dataDirectory) {
    folder = dataDirectory;
    file = folder.resolve(NAME);
  }

  /** Sets it durably. */
  void set(long lsn) throws IOException {
    Durable.writeLine(folder, NAME, Position.formatLsn(lsn));
  }

  /** Returns the position, as PostgreSQL writes it; empty if the first start has ended. */
  Optional<String> read() throws IOException {
    return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
  }

  /** Removes it durably. */
  void remove() throws IOException {
    if (Files.deleteIfExists(file)) {
      Durable.syncFolder(folder);
    }
  }
}
