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

  /**
   * The lines that make a record.
   *
   * @param line the line on which it begins, 1 is the first
   * @param lastLine the line on which it ends
   * @param offset bytes before it, in the unpacked text as UTF-8
   * @param length its bytes, with the end of its last line
   * @param text the record itself; its beginning only if it is longer than is allowed
   */
  public record Extent(long line, long lastLine, long offset, long length, byte[] text) {
    /** Whether {@link #text} is all of it. */
    public boolean isWhole() {
      return text.length == length;
    }
  }

  /** One that cannot be loaded. */
  static SourceRecord bad(Extent extent, String problem) {
    return new SourceRecord(extent, List.of(), problem);
  }
}
