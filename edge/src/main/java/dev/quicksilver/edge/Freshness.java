package dev.quicksilver.edge;

import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How old a copy may be, by what the node that follows says twice a second. What it has said stays
 * true: while it says nothing, the copy gets older, never younger. Safe for all threads.
 */
final class Freshness {
  private static final long DUE_MILLIS = 100;

  private final Path dataDirectory;
  private final InstantSource clock;
  private volatile @Nullable Said said;

  private record Said(Map<String, Following> databases, long readAt) {}

  Freshness(Path dataDirectory, InstantSource clock) {
    this.dataDirectory = dataDirectory;
    this.clock = clock;
  }

  /** Returns how old a copy may be now; empty if that is not known. */
  Optional<Duration> age(String database) {
    long now = clock.millis();
    Said known = said;
    if (known == null || now - known.readAt >= DUE_MILLIS || now < known.readAt) {
      try {
        known = new Said(Following.read(dataDirectory), now);
      } catch (IOException e) {
        throw new StorageException(
            ErrorCode.IO, "how old " + database + " may be cannot be read: " + e.getMessage(), e);
      }
      said = known;
    }
    Following following = known.databases.get(database);
    OptionalLong age = following == null ? OptionalLong.empty() : following.age(now);
    return age.isEmpty() ? Optional.empty() : Optional.of(Duration.ofMillis(age.getAsLong()));
  }
}
