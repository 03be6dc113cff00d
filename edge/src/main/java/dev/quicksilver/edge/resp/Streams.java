package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.resp.Commands.Registry;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The log of a database as a stream {@code DATABASE_log}: each entry once, in order. Its id is its
 * sequence and a number that tells the database from another one that later has its name ({@code
 * 42-1730264513}); 0 stands for whichever is here. Who reads on behind the last id that it has seen
 * misses nothing; if the log does not reach back so far, or is another one's, it is told so.
 * Stateless.
 */
final class Streams {
  private static final String SUFFIX = "_log";

  /** A reply ends with the entry that reaches so many bytes. */
  private static final int ENOUGH_BYTES = 1 << 20;

  private static final int MOST_STREAMS = 256;
  private static final String OPERATION = "op";

  /** Longer than anybody waits, and than BLOCK can say, in ns. */
  private static final long FOREVER = Long.MAX_VALUE / 2;

  private Streams() {}

  static void register(Registry registry) {
    registry.add(
        "XREAD", -4, 0, 0, "Entries of logs behind a sequence; can wait for them.", Streams::xread);
    registry.add("XRANGE", -4, 1, 1, "Entries of a log.", Streams::xrange);
    registry.add("XLEN", 2, 1, 1, "How many entries a log still has.", Streams::xlen);
  }

  /** Reads the name of a stream. */
  private static LoopDatabases.Use log(Call call, String stream) {
    if (!stream.endsWith(SUFFIX)) {
      throw new RespException(
          "ERR there is no stream \"" + stream + "\": the log of a database is <database>_log");
    }
    return call.databases.find(
        stream.substring(0, stream.length() - SUFFIX.length()), call.session());
  }

  private static void xlen(Call call) {
    Head head = call.databases.snapshot(log(call, call.request.text(1))).head();
    call.reply.integer(head.lastSequence() - head.oldestSequence() + 1);
  }

  // ---- XRANGE

  private static void xrange(Call call) {
    Request request = call.request;
    long count = Long.MAX_VALUE;
    if (request.count() == 6 && request.is(4, "COUNT")) {
      count = request.number(5, 0, Long.MAX_VALUE);
    } else if (request.count() != 4) {
      throw RespException.syntax();
    }
    LoopDatabases.Use use = log(call, request.text(1));
    Snapshot snapshot = call.databases.snapshot(use);
    Head head = snapshot.head();
    long from = first(use, request.text(2), head);
    long to = last(use, request.text(3), head);
    List<LogEntry> found =
        count == 0 || from > to || from > head.lastSequence()
            ? List.of()
            : entries(snapshot, use.name, Math.max(from, 1), to, count);
    write(call.reply, number(use), found);
  }

  private static long first(LoopDatabases.Use use, String id, Head head) {
    return switch (id) {
      case "-" -> head.oldestSequence();
      case "+" -> Math.max(1, head.lastSequence());
      default -> id.startsWith("(") ? after(sequence(use, id.substring(1))) : sequence(use, id);
    };
  }

  /** The largest number is an id like any other, and nothing comes after it. */
  private static long after(long sequence) {
    return sequence == Long.MAX_VALUE ? sequence : sequence + 1;
  }

  private static long last(LoopDatabases.Use use, String id, Head head) {
    return switch (id) {
      case "-" -> 0;
      case "+" -> head.lastSequence();
      default -> id.startsWith("(") ? sequence(use, id.substring(1)) - 1 : sequence(use, id);
    };
  }

  // ---- XREAD

  private static void xread(Call call) {
    Request request = call.request;
    long count = Long.MAX_VALUE;
    long block = -1;
    int at = 1;
    while (!request.is(at, "STREAMS")) {
      if (at + 2 >= request.count()) {
        throw RespException.syntax();
      }
      if (request.is(at, "COUNT")) {
        long wanted = request.number(at + 1, Long.MIN_VALUE, Long.MAX_VALUE);
        count = wanted <= 0 ? Long.MAX_VALUE : wanted;
      } else if (request.is(at, "BLOCK")) {
        block = request.number(at + 1, 0, Long.MAX_VALUE / 2_000_000);
      } else {
        throw RespException.syntax();
      }
      at += 2;
    }
    int streams = (request.count() - at - 1) / 2;
    if (streams == 0 || request.count() - at - 1 != 2 * streams || streams > MOST_STREAMS) {
      throw new RespException(
          "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be"
              + " specified.");
    }
    Map<String, After> behind = new LinkedHashMap<>();
    for (int i = 0; i < streams; i++) {
      String stream = request.text(at + 1 + i);
      LoopDatabases.Use use = log(call, stream);
      long last = call.databases.snapshot(use).head().lastSequence();
      String id = request.text(at + 1 + streams + i);
      long sequence =
          switch (id) {
            case "$" -> last;
            case "+" -> Math.max(0, last - 1);
            default -> sequence(use, id);
          };
      behind.put(use.name, new After(sequence, number(use)));
    }
    var reading = new Reading(behind, count);
    if (!reading.poll(call)) {
      if (block < 0) {
        call.reply.nilArray();
      } else {
        call.connection()
            .await(
                reading,
                System.nanoTime() + (block == 0 ? FOREVER : TimeUnit.MILLISECONDS.toNanos(block)));
      }
    }
  }

  /** Where to read on, in the log of which database. */
  private record After(long sequence, long number) {}

  /** Reads what is behind sequences, by database. */
  private record Reading(Map<String, After> behind, long count) implements Waiting {
    @Override
    public boolean concerns(String database) {
      return behind.containsKey(database);
    }

    @Override
    public boolean poll(Call call) {
      Map<String, List<LogEntry>> found = new LinkedHashMap<>();
      for (Map.Entry<String, After> one : behind.entrySet()) {
        LoopDatabases.Use use = call.databases.find(one.getKey(), call.session());
        After after = one.getValue();
        requireSame(use, after.number);
        Snapshot snapshot = call.databases.snapshot(use);
        if (snapshot.head().lastSequence() > after.sequence) {
          found.put(
              one.getKey(),
              entries(snapshot, one.getKey(), after.sequence + 1, Long.MAX_VALUE, count));
        }
      }
      if (found.isEmpty()) {
        return false;
      }
      Reply reply = call.reply;
      boolean third = reply.isThird();
      if (third) {
        reply.map(found.size());
      } else {
        reply.array(found.size());
      }
      behind.forEach(
          (name, after) -> {
            List<LogEntry> entries = found.get(name);
            if (entries != null) {
              if (!third) {
                reply.array(2);
              }
              reply.bulk(name + SUFFIX);
              write(reply, after.number, entries);
            }
          });
      return true;
    }

    @Override
    public void timeOut(Call call) {
      call.reply.nilArray();
    }

    @Override
    public byte[] again(long nanosLeft) {
      List<String> words = new ArrayList<>(List.of("XREAD"));
      if (count != Long.MAX_VALUE) {
        words.addAll(List.of("COUNT", Long.toString(count)));
      }
      long millis = TimeUnit.NANOSECONDS.toMillis(nanosLeft);
      words.addAll(
          List.of("BLOCK", nanosLeft > FOREVER / 2 ? "0" : Long.toString(Math.max(1, millis))));
      words.add("STREAMS");
      behind.keySet().forEach(database -> words.add(database + SUFFIX));
      behind.values().forEach(after -> words.add(after.sequence + "-" + after.number));
      return Request.encoded(words);
    }
  }

  // ---- entries

  private static List<LogEntry> entries(
      Snapshot snapshot, String database, long from, long to, long count) {
    List<LogEntry> found = new ArrayList<>();
    try {
      LogScan log = snapshot.scanLog(from);
      long bytes = 0;
      @Nullable LogEntry entry = log.next();
      while (entry != null
          && entry.sequence() <= to
          && found.size() < count
          && bytes < ENOUGH_BYTES) {
        found.add(entry);
        bytes += entry.key().length + entry.value().length + 100L;
        entry = log.next();
      }
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      Head head = snapshot.head();
      throw new RespException(
          "GAP the log of "
              + database
              + " begins with sequence "
              + head.oldestSequence()
              + " here, and "
              + from
              + " was asked for: note "
              + head.lastSequence()
              + "-0, read what you need of the database, then read on behind that");
    }
    return found;
  }

  private static void write(Reply reply, long number, List<LogEntry> entries) {
    reply.array(entries.size());
    for (LogEntry entry : entries) {
      reply.array(2);
      reply.bulk(entry.sequence() + "-" + number);
      reply.array(8);
      reply.bulk(OPERATION);
      reply.bulk(entry.operation().name().toLowerCase(Locale.ROOT));
      reply.bulk("key");
      reply.bulk(entry.key());
      reply.bulk("value");
      reply.bulk(entry.value());
      reply.bulk("commit_time_us");
      reply.bulk(Long.toString(entry.commitTime()));
    }
  }

  /** The second part of a database's ids: above 0. */
  private static long number(LoopDatabases.Use use) {
    return 1 + Integer.toUnsignedLong(use.followed.database().identity().id().hashCode());
  }

  private static void requireSame(LoopDatabases.Use use, long number) {
    if (number != 0 && number != number(use)) {
      throw new RespException(
          "GAP this is the log of another database "
              + use.name
              + " than the id is of: the one before was dropped, and this one was created later;"
              + " read what you need of it, then read on behind the sequence that QUICKSILVER"
              + " SEQUENCE said before");
    }
  }

  /** The sequence of an id: {@code 42}, {@code 42-0} or what an entry of this database has. */
  private static long sequence(LoopDatabases.Use use, String id) {
    int dash = id.indexOf('-');
    try {
      long sequence = Long.parseLong(dash < 0 ? id : id.substring(0, dash));
      long number = dash < 0 ? 0 : Long.parseUnsignedLong(id.substring(dash + 1));
      if (sequence >= 0) {
        requireSame(use, number);
        return sequence;
      }
    } catch (NumberFormatException e) {
      throw invalid();
    }
    throw invalid();
  }

  private static RespException invalid() {
    return new RespException(
        "ERR Invalid stream ID specified as stream command argument: it is a sequence, or"
            + " <sequence>-0");
  }
}
