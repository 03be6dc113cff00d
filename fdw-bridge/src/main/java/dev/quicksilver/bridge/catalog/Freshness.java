package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.storage.Following;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far behind the root the copies are, as the node that follows says. What it last said stays
 * true: while it says nothing, the copies get older. Safe for all threads.
 */
public final class Freshness {
  private final Path dataDirectory;
  private final InstantSource clock;

  /** Reads what the node of a data directory says. */
  public Freshness(Path dataDirectory, InstantSource clock) {
    this.dataDirectory = dataDirectory;
    this.clock = clock;
  }

  /** What the node said last, by database; empty if there is nothing that can be read. */
  Map<String, Following> following() {
    try {
      return Following.read(dataDirectory);
    } catch (IOException e) {
      return Map.of();
    }
  }

  /** How old a copy may be at this moment, in ms; empty if it is not known. */
  OptionalLong lag(Following following) {
    return following.age(clock.millis());
  }

  /** The moment up to which a copy is complete, for {@code replication}. */
  static Optional<Long> micros(Following following) {
    return following.completeUntil().isPresent()
        ? Optional.of(following.completeUntil().getAsLong() * 1000)
        : Optional.empty();
  }

  /**
   * Refuses a database that is too far behind, or may be. To be called before the snapshot is
   * taken: then it holds all that is said to be there.
   *
   * @param most in ms
   * @throws PgException QS002
   */
  public void require(String database, long most) {
    Following following;
    try {
      following = Following.read(dataDirectory).get(database);
    } catch (IOException e) {
      throw stale(database, most, "how old it is cannot be read: " + e.getMessage());
    }
    OptionalLong lag = following == null ? OptionalLong.empty() : lag(following);
    if (lag.isEmpty()) {
      throw stale(database, most, "how old it is is not known: no node follows it here yet");
    }
    if (lag.getAsLong() > most) {
      throw stale(
          database,
          most,
          "it is complete until "
              + Instant.ofEpochMilli(clock.millis() - lag.getAsLong())
              + ", "
              + lag.getAsLong()
              + " ms ago");
    }
  }

  private static PgException stale(String database, long most, String why) {
    return PgException.of(
            SqlState.STALE,
            "database \""
                + database
                + "\" is older than quicksilver.max_lag ("
                + most
                + " ms): "
                + why)
        .hint(
            "Try again, ask another edge, or raise quicksilver.max_lag; the table replication says"
                + " what the edge waits for.");
  }
}
