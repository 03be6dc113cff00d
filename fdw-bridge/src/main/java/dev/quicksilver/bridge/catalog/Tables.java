package dev.quicksilver.bridge.catalog;

import java.util.Map;
import java.util.UUID;

/**
 * The databases of the replica at one time.
 *
 * @param generation grows with every change
 * @param databases by name
 */
public record Tables(long generation, Map<String, Pairs> databases) {

  /**
   * A database.
   *
   * @param id tells it from another one of its name
   * @param keyType {@code text} or {@code bytea}
   * @param valueType {@code text}, {@code bytea} or {@code jsonb}
   */
  public record Pairs(UUID id, String keyType, String valueType) {}
}
