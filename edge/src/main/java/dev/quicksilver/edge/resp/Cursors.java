package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.handover.Message;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
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

  /** Describes all of them to another process, oldest first. */
  synchronized void describe(Message to) {
    to.with("next-cursor", next);
    places.forEach(
        (cursor, place) ->
            to.with("cursor", cursor + " " + place.database).with("after", place.after));
  }

  /** Has the cursors that another process has described. */
  synchronized void adopt(Message described) {
    next = described.number("next-cursor", next);
    List<String> cursors = described.texts("cursor");
    List<byte[]> after = described.all("after");
    for (int i = 0; i < cursors.size(); i++) {
      String[] words = cursors.get(i).split(" ", 2);
      places.put(Long.parseLong(words[0]), new Place(words[1], after.get(i)));
      bytes += OVERHEAD + after.get(i).length;
    }
  }

  /** Returns the place of a cursor, which stays: a client may ask twice. */
  synchronized @Nullable Place place(long cursor) {
    return places.get(cursor);
  }
}
