package dev.quicksilver.edge.resp;

import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where scans go on: the protocol's cursor is a number, and a key is longer than that. The oldest
 * ones are forgotten when there are too many, and then refused. Safe for all threads.
 */
final class Cursors {
  private static final long MOST_BYTES = 16L << 20;
  private static final int OVERHEAD = 160;

  /**
   * One of them.
   *
   * @param after the scan goes on behind this key
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Place(String database, byte[] after) {}

  private final Map<Long, Place> places = new LinkedHashMap<>();
  private long bytes;
  private long next = new SecureRandom().nextInt() & 0x7FFF_FFFFL;

  /** Returns the cursor of a place. */
  synchronized long of(Place place) {
    long cursor = ++next;
    places.put(cursor, place);
    bytes += OVERHEAD + place.after.length;
    var oldest = places.entrySet().iterator();
    while (bytes > MOST_BYTES && oldest.hasNext()) {
      bytes -= OVERHEAD + oldest.next().getValue().after.length;
      oldest.remove();
    }
    return cursor;
  }

  /** Returns the place of a cursor, which stays: a client may ask twice. */
  synchronized @Nullable Place place(long cursor) {
    return places.get(cursor);
  }
}
