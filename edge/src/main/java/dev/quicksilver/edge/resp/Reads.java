package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.resp.Commands.Flag;
import dev.quicksilver.edge.resp.Commands.Registry;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;

/** Commands that look keys up. Those of one command are all of one commit. Stateless. */
final class Reads {
  /** The values of one reply have at most so many bytes together, unless it is one value. */
  private static final int MOST_BYTES = 64 << 20;

  private Reads() {}

  static void register(Registry registry) {
    registry.add("GET", 2, 1, 1, "The value of a key.", Reads::get, Flag.FAST);
    registry.add("MGET", -2, 1, -1, "The values of keys, all of one commit.", Reads::mget);
    registry.add("EXISTS", -2, 1, -1, "How many of the keys are there.", Reads::exists);
    registry.add("TOUCH", -2, 1, -1, "How many of the keys are there.", Reads::exists);
    registry.add("STRLEN", 2, 1, 1, "The length of a value.", Reads::strlen);
    registry.add("GETRANGE", 4, 1, 1, "A part of a value.", Reads::getrange);
    registry.add("SUBSTR", 4, 1, 1, "A part of a value.", Reads::getrange);
    registry.add("TYPE", 2, 1, 1, "string, or none if the key is not there.", Reads::type);
    registry.add("TTL", 2, 1, 1, "-1, or -2 if the key is not there.", Reads::ttl);
    registry.add("PTTL", 2, 1, 1, "-1, or -2 if the key is not there.", Reads::ttl);
    registry.add("EXPIRETIME", 2, 1, 1, "-1, or -2 if the key is not there.", Reads::ttl);
    registry.add("PEXPIRETIME", 2, 1, 1, "-1, or -2 if the key is not there.", Reads::ttl);
  }

  private static boolean has(Call call, Snapshot snapshot, int argument) {
    boolean found = call.get(snapshot, argument, call.pair());
    (found ? call.shared.hits : call.shared.misses).increment();
    return found;
  }

  private static boolean has(Call call) {
    return has(call, call.databases.selected(call.session()), 1);
  }

  private static void get(Call call) {
    if (has(call)) {
      call.reply.value(call.pair());
    } else {
      call.reply.nil();
    }
  }

  private static void mget(Call call) {
    Snapshot snapshot = call.databases.selected(call.session());
    Reply reply = call.reply;
    int before = reply.length();
    int keys = call.request.count() - 1;
    reply.array(keys);
    for (int i = 1; i <= keys; i++) {
      if (has(call, snapshot, i)) {
        if (i > 1 && (long) reply.length() - before + call.pair().valueLength() > MOST_BYTES) {
          throw new RespException(
              "ERR these values have more than "
                  + MOST_BYTES
                  + " bytes together: ask for fewer keys at once");
        }
        reply.value(call.pair());
      } else {
        reply.nil();
      }
    }
  }

  private static void exists(Call call) {
    Snapshot snapshot = call.databases.selected(call.session());
    int there = 0;
    for (int i = 1; i < call.request.count(); i++) {
      if (has(call, snapshot, i)) {
        there++;
      }
    }
    call.reply.integer(there);
  }

  private static void strlen(Call call) {
    call.reply.integer(has(call) ? call.pair().valueLength() : 0);
  }

  private static void getrange(Call call) {
    long first = call.request.number(2, Long.MIN_VALUE, Long.MAX_VALUE);
    long last = call.request.number(3, Long.MIN_VALUE, Long.MAX_VALUE);
    if (!has(call)) {
      call.reply.bulk("");
      return;
    }
    PairBuffer pair = call.pair();
    int length = pair.valueLength();
    long from = Math.max(0, first < 0 ? first + length : first);
    long to = Math.min(length - 1L, last < 0 ? Math.max(0, last + length) : last);
    if ((first < 0 && last < 0 && first > last) || from > to) {
      call.reply.bulk("");
    } else {
      call.reply.bulk(pair.valueBuffer(), pair.valueOffset() + (int) from, (int) (to - from + 1));
    }
  }

  private static void type(Call call) {
    call.reply.simple(has(call) ? "string" : "none");
  }

  /** What is configured does not expire. */
  private static void ttl(Call call) {
    call.reply.integer(has(call) ? -1 : -2);
  }
}
