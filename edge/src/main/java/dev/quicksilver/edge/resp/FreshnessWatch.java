package dev.quicksilver.edge.resp;

import dev.quicksilver.storage.Following;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far behind the root the copies may be, by what the node that follows has said. What it has
 * said stays true: while it says nothing, and while nobody looks, the copies get older, never
 * younger. Safe for all threads.
 */
final class FreshnessWatch {
  private static final Logger LOG = LoggerFactory.getLogger(FreshnessWatch.class);

  private final Path dataDirectory;
  private final InstantSource clock;
  private volatile Map<String, Following> said = Map.of();
  private String problem = "";

  FreshnessWatch(Path dataDirectory, InstantSource clock) {
    this.dataDirectory = dataDirectory;
    this.clock = clock;
  }

  /**
   * Reads what the node says now, for {@link #publish}; what was published before if it cannot be
   * read.
   */
  Map<String, Following> read() {
    try {
      Map<String, Following> now = Following.read(dataDirectory);
      problem = "";
      return now;
    } catch (IOException e) {
      if (!problem.equals(e.getMessage())) {
        problem = String.valueOf(e.getMessage());
        LOG.warn("how far behind the copies are cannot be read: {}", problem);
      }
      return said;
    }
  }

  /**
   * Has it believed. What was read may be of a generation that has come into use just before: look
   * at those between the two, so that nobody reads an older one and takes it for that.
   */
  void publish(Map<String, Following> now) {
    said = now;
  }

  /** Returns how old a copy may be at this moment, in ms; empty if that is not known. */
  OptionalLong lag(String database) {
    Following following = said.get(database);
    return following == null ? OptionalLong.empty() : following.age(clock.millis());
  }

  /**
   * Refuses a copy that is too old, or may be. To be called before the snapshot is taken: then it
   * holds all that is said to be there.
   *
   * @param most in ms
   */
  void require(String database, long most) {
    OptionalLong lag = lag(database);
    if (lag.isEmpty() || lag.getAsLong() > most) {
      throw new RespException(
          "STALE database \""
              + database
              + "\" may be older than "
              + most
              + " ms here: "
              + (lag.isEmpty()
                  ? "how old it is is not known, no node follows it here yet"
                  : "it is complete as of " + lag.getAsLong() + " ms ago")
              + "; ask another edge, or allow more with QUICKSILVER MAXAGE");
    }
  }
}
