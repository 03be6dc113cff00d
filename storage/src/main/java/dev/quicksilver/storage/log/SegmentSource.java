package dev.quicksilver.storage.log;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where the segments of one block come from: the log, or a socket. */
@FunctionalInterface
public interface SegmentSource {
  /** Returns the next segment, or null after the last one of the block. */
  @Nullable Segment next() throws IOException;
}
