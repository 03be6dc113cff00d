package dev.quicksilver.bridge;

import dev.quicksilver.storage.Database;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The databases that a bridge finds now.
 *
 * @param open those that could be opened, by name
 * @param unopened those that could not, and why, one line each
 */
public record ServedDatabases(List<Served> open, Map<String, String> unopened) {
  /**
   * One that is open.
   *
   * @param withheld why sessions are refused it, if they are
   * @param diverged what has contradicted it, if anything has
   */
  public record Served(Database database, Optional<String> withheld, Optional<String> diverged) {}
}
