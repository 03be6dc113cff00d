package dev.quicksilver.loader.read;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record of a source.
 *
 * @param extent where it stands, and its text
 * @param fields what was asked for, in that order; null where the source says NULL; empty if there
 *     is a problem
 * @param problem why it cannot be loaded, or null
 */
public record SourceRecord(
    Extent extent, List<byte @Nullable []> fields, @Nullable String problem) {

  /** One that cannot be loaded. */
  static SourceRecord bad(Extent extent, String problem) {
    return new SourceRecord(extent, List.of(), problem);
  }
}
