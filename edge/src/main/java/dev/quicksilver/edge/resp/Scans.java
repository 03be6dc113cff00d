package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.resp.Commands.Registry;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.util.ArrayList;
import java.util.List;

/** Commands about all keys of a database. Stateless. */
final class Scans {
  private static final int USUAL_COUNT = 10;

  /** More keys are not looked at in one step, so that nobody waits for long. */
  private static final int MOST_AT_ONCE = 10_000;

  /** A step with a long pattern looks at fewer keys: at so many bytes of the pattern in all. */
  private static final int MOST_PATTERN_BYTES = 160_000;

  private Scans() {}

  static void register(Registry registry) {
    registry.add("SCAN", -2, 0, 0, "The keys in order, step by step.", Scans::scan);
    registry.add("DBSIZE", 1, 0, 0, "How many keys there are.", Scans::dbsize);
    registry.add("KEYS", 2, 0, 0, "Refused: use SCAN.", Scans::keys);
    registry.add("RANDOMKEY", 1, 0, 0, "Refused: use SCAN.", Scans::keys);
  }

  private static void dbsize(Call call) {
    call.reply.integer(call.databases.selected(call.session()).pairs());
  }

  private static void keys(Call call) {
    throw new RespException(
        "ERR "
            + call.request.text(0).toUpperCase(java.util.Locale.ROOT)
            + " would look at the whole database while all others wait: use SCAN 0 MATCH <pattern>"
            + " COUNT 1000, which looks at a part with each call");
  }

  private static void scan(Call call) {
    Request request = call.request;
    long cursor;
    try {
      cursor = Long.parseUnsignedLong(request.text(1));
    } catch (NumberFormatException e) {
      throw new RespException("ERR invalid cursor");
    }
    Glob pattern = new Glob(new byte[] {'*'});
    int count = USUAL_COUNT;
    boolean wanted = true;
    for (int i = 2; i < request.count(); i += 2) {
      if (i + 1 >= request.count()) {
        throw RespException.syntax();
      }
      if (request.is(i, "MATCH")) {
        pattern = new Glob(request.bytes(i + 1));
      } else if (request.is(i, "COUNT")) {
        count = (int) Math.min(MOST_AT_ONCE, request.number(i + 1, Long.MIN_VALUE, Long.MAX_VALUE));
        if (count < 1) {
          throw RespException.syntax();
        }
      } else if (request.is(i, "TYPE")) {
        wanted = request.is(i + 1, "STRING");
      } else {
        throw RespException.syntax();
      }
    }
    step(call, cursor, pattern, count, wanted);
  }

  private static void step(Call call, long cursor, Glob pattern, int count, boolean wanted) {
    LoopDatabases.Use use = call.databases.use(call.session());
    Snapshot snapshot = call.databases.selected(call.session());
    KeyRange range = range(call, use.name, cursor, pattern);
    List<byte[]> found = new ArrayList<>();
    long next = 0;
    try (Scan scan = snapshot.scan(range, Direction.FORWARD).keysOnly()) {
      byte[] last = null;
      int most = Math.min(count, MOST_PATTERN_BYTES / Math.max(1, pattern.pattern().length));
      for (int seen = 0; wanted && scan.next(); seen++) {
        if (seen == most && last != null) {
          next = call.shared.cursors.of(new Cursors.Place(use.name, last));
          break;
        }
        last = scan.key();
        if (pattern.matches(last, 0, last.length)) {
          found.add(last);
        }
      }
    }
    call.reply.array(2);
    call.reply.bulk(Long.toUnsignedString(next));
    call.reply.array(found.size());
    for (byte[] key : found) {
      call.reply.bulk(key);
    }
  }

  /** The keys that are left: those of the pattern's first letters alone. */
  private static KeyRange range(Call call, String database, long cursor, Glob pattern) {
    KeyRange all = KeyRange.prefix(pattern.prefix());
    if (cursor == 0) {
      return all;
    }
    Cursors.Place place = call.shared.cursors.place(cursor);
    if (place == null || !place.database().equals(database)) {
      throw new RespException(
          "ERR invalid cursor: it is of another database, or was left for too long; begin again"
              + " with SCAN 0");
    }
    byte[] from = all.from();
    return from != null && java.util.Arrays.compareUnsigned(from, place.after()) > 0
        ? all
        : new KeyRange(place.after(), false, all.to(), all.toInclusive());
  }
}
