package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.handover.Message;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Operation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The clients of one loop that are told of changes, and up to where each database's log has been
 * told. A change of a key has the channel {@code quicksilver:DATABASE:KEY} and the message {@code
 * SEQUENCE set} or {@code SEQUENCE del}; what concerns all keys of a database has the channel
 * {@code quicksilver:DATABASE} and the message {@code SEQUENCE clear}, or {@code SEQUENCE reload}
 * if the log does not reach back to what was told last. For the loop's thread.
 */
final class Subscribers {
  static final String PREFIX = "quicksilver:";

  /** So much of a log is told before the loop looks at its sockets again. */
  private static final int ENTRIES_AT_ONCE = 1_000;

  private static final int FLUSH = 256 << 10;
  private static final UUID NO_DATABASE = new UUID(0, 0);

  private final Set<Connection> connections = new LinkedHashSet<>();
  private final Map<String, Told> told = new HashMap<>();
  private volatile boolean any;

  /** Up to where the log of which database was told. */
  private record Told(Optional<Followed> of, UUID database, long sequence) {}

  /** Whether commits are of interest; any thread may ask. */
  boolean any() {
    return any;
  }

  void add(Connection connection) {
    connections.add(connection);
    any = true;
  }

  void remove(Connection connection) {
    connections.remove(connection);
    any = !connections.isEmpty();
    if (!any) {
      told.clear();
    }
  }

  /** Describes to another process up to where a client was told of each log. */
  void describe(Session session, Message to) {
    told.forEach(
        (name, upTo) -> {
          long sequence = Math.max(upTo.sequence, session.heard.getOrDefault(name, 0L));
          to.with(MovedClient.TOLD, new MovedClient.Told(upTo.database, sequence, name).toString());
        });
  }

  /**
   * Goes on with a client of another process. Clients of its loops may have been told up to
   * different places: then all is told from the first one on, and each hears what it has not heard.
   * To be called before any of them is told of anything here.
   */
  void adopt(Connection connection, List<MovedClient.Told> places) {
    Set<String> named = new HashSet<>();
    for (MovedClient.Told place : places) {
      String name = place.name();
      named.add(name);
      connection.session.heard.put(name, place.sequence());
      Told before = told.get(name);
      if (before == null) {
        // Whoever is here already comes from a loop where this database was news.
        boolean news = connections.stream().anyMatch(one -> one.session.rights.allow(name));
        told.put(name, new Told(Optional.empty(), place.database(), news ? 0 : place.sequence()));
      } else {
        // Who has heard of another database than the first one reloads, and all others with it.
        boolean other = !before.database.equals(place.database());
        told.put(
            name,
            new Told(
                Optional.empty(),
                other ? NO_DATABASE : place.database(),
                Math.min(place.sequence(), before.sequence)));
      }
    }
    told.replaceAll(
        (name, before) ->
            named.contains(name) || !connection.session.rights.allow(name)
                ? before
                : new Told(before.of, before.database, 0)); // news to this one
    add(connection);
  }

  /** Begins to tell of what comes from now on. To be called before a subscription is confirmed. */
  void begin(LoopDatabases databases, Session session) {
    for (String name : databases.names(session)) {
      if (!told.containsKey(name)) {
        Followed of = databases.find(name, session).followed;
        told.put(
            name,
            new Told(
                Optional.of(of),
                of.database().identity().id(),
                of.database().head().lastSequence()));
      }
    }
  }

  /**
   * Tells of what a database's log has that was not told yet.
   *
   * @return whether there is more
   */
  boolean tell(Call call, LoopDatabases.Use use) {
    if (use.followed.withheld().isPresent()
        || connections.stream().noneMatch(one -> one.session.rights.allow(use.name))) {
      return false;
    }
    Snapshot snapshot = call.databases.snapshot(use);
    long last = snapshot.head().lastSequence();
    UUID database = use.followed.database().identity().id();
    Told before = told.get(use.name);
    List<Event> events = new ArrayList<>();
    long from = 0; // one that was made since: from its beginning
    if (before != null) {
      from = before.sequence;
      boolean other = !before.database.equals(database); // one that has its name
      boolean copy = !before.of.equals(Optional.of(use.followed));
      boolean back = copy && last < from; // it ends earlier
      if (other || back) {
        events.add(Event.reload(use.name, last));
        connections.forEach(one -> one.session.heard.remove(use.name)); // of another log
        from = last;
      }
    }
    if (last <= from && events.isEmpty()) {
      return false;
    }
    try {
      if (from < last) {
        LogScan log = snapshot.scanLog(from + 1);
        LogEntry entry = log.next();
        while (entry != null) {
          events.add(Event.of(use.name, entry));
          from = entry.sequence();
          entry = events.size() < ENTRIES_AT_ONCE ? log.next() : null;
        }
      }
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      events.add(Event.reload(use.name, last));
      from = last;
    }
    told.put(use.name, new Told(Optional.of(use.followed), database, from));
    for (Connection connection : List.copyOf(connections)) {
      if (connection.session.rights.allow(use.name)) {
        call.of(connection);
        long heard = connection.session.heard.getOrDefault(use.name, 0L);
        for (Event event : events) {
          if (event.sequence > heard) {
            event.tell(call, connection);
          }
          if (connection.isClosed()) {
            break;
          }
        }
        connection.flush(call.reply);
      }
    }
    return from < last;
  }

  /**
   * Something to tell.
   *
   * @param sequence of the log's entry; of the last one if it is about more than one
   * @param channel of a key, or of the database as a whole
   * @param ofAll whether it concerns all keys
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Event(
      long sequence, byte[] channel, byte[] message, int databaseLength, boolean ofAll) {
    static Event of(String database, LogEntry entry) {
      if (entry.operation() == Operation.CLEAR) {
        return ofAll(database, entry.sequence(), "clear");
      }
      byte[] head = bytes(PREFIX + database + ":");
      byte[] channel = Arrays.copyOf(head, head.length + entry.key().length);
      System.arraycopy(entry.key(), 0, channel, head.length, entry.key().length);
      String what = entry.operation() == Operation.SET ? " set" : " del";
      return new Event(
          entry.sequence(), channel, bytes(entry.sequence() + what), head.length - 1, false);
    }

    /** Everybody has to hear it, whatever was heard before. */
    static Event reload(String database, long last) {
      Event event = ofAll(database, last, "reload");
      return new Event(Long.MAX_VALUE, event.channel, event.message, event.databaseLength, true);
    }

    static Event ofAll(String database, long sequence, String what) {
      byte[] channel = bytes(PREFIX + database);
      return new Event(sequence, channel, bytes(sequence + " " + what), channel.length, true);
    }

    private static byte[] bytes(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Parts of what there is to tell leave at once: many patterns can match the same key. */
    private static void flushIfLong(Call call, Connection connection) {
      if (call.reply.length() >= FLUSH) {
        connection.flush(call.reply);
      }
    }

    void tell(Call call, Connection connection) {
      Session session = call.session();
      Reply reply = call.reply;
      for (byte[] subscribed : session.channels) {
        if (ofAll ? isBelow(subscribed) : Arrays.equals(subscribed, channel)) {
          reply.push(3);
          reply.bulk("message");
          reply.bulk(subscribed);
          reply.bulk(message);
          call.shared.events.increment();
          flushIfLong(call, connection);
        }
      }
      for (Glob pattern : session.patterns) {
        if (ofAll ? isAbout(pattern) : pattern.matches(channel, 0, channel.length)) {
          reply.push(4);
          reply.bulk("pmessage");
          reply.bulk(pattern.pattern());
          reply.bulk(channel);
          reply.bulk(message);
          call.shared.events.increment();
          flushIfLong(call, connection);
        }
      }
    }

    /** Whether a subscribed channel is of this database or of a key of it. */
    private boolean isBelow(byte[] subscribed) {
      return subscribed.length >= databaseLength
          && Arrays.equals(channel, 0, databaseLength, subscribed, 0, databaseLength)
          && (subscribed.length == databaseLength || subscribed[databaseLength] == ':');
    }

    /** Whether a pattern can match a key of this database: it may be too cautious. */
    private boolean isAbout(Glob pattern) {
      byte[] prefix = pattern.prefix();
      int common = Math.min(prefix.length, databaseLength);
      return Arrays.equals(prefix, 0, common, channel, 0, common)
          && (prefix.length <= databaseLength || prefix[databaseLength] == ':');
    }
  }
}
