package dev.quicksilver.cli.command;

import com.sun.net.httpserver.HttpExchange;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Pair;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code log} and {@code get} ask a running node for: {@code /log?database=D&from=N}, which
 * answers with some entries in text or, with {@code &format=json}, in lines of JSON and the next
 * sequence in a header, and {@code /get?database=D&key=K} with the value as it is.
 */
final class RemoteReads {
  /** Header with the sequence to ask for next. */
  static final String NEXT = "Quicksilver-Next-Sequence";

  /** How entries are written. */
  static final String TEXT = "text";

  static final String JSON = "json";

  private static final int ENOUGH_CHARACTERS = 1 << 20;

  private RemoteReads() {}

  static void serve(HttpEndpoint http, DatabaseSet databases) {
    http.serve("/log", exchange -> log(exchange, databases));
    http.serve("/get", exchange -> get(exchange, databases));
  }

  private static Answer log(HttpExchange exchange, DatabaseSet databases) {
    Map<String, String> query = query(exchange);
    Optional<Database> database = databases.get(query.getOrDefault("database", ""));
    if (database.isEmpty()) {
      return noDatabase(query, databases);
    }
    try (Snapshot snapshot = database.get().snapshot()) {
      long next = Long.parseLong(query.getOrDefault("from", "0"));
      if (next == 0) {
        next = snapshot.head().oldestSequence();
      }
      String format = query.getOrDefault("format", TEXT);
      if (!format.equals(TEXT) && !format.equals(JSON)) {
        return Answer.text(400, "format must be " + TEXT + " or " + JSON + "\n");
      }
      StringBuilder lines = new StringBuilder();
      if (next <= snapshot.head().lastSequence()) {
        LogScan scan = snapshot.scanLog(next);
        LogEntry entry = scan.next();
        while (entry != null) {
          lines.append(format.equals(JSON) ? EntryJson.of(entry) : Text.entry(entry)).append('\n');
          next = entry.sequence() + 1;
          entry = lines.length() < ENOUGH_CHARACTERS ? scan.next() : null;
        }
      }
      exchange.getResponseHeaders().set(NEXT, Long.toString(next));
      return Answer.text(200, lines.toString());
    } catch (StorageException e) {
      return Answer.text(404, e.getMessage() + "\n");
    } catch (NumberFormatException e) {
      return Answer.text(400, "from must be a sequence\n");
    }
  }

  private static Answer get(HttpExchange exchange, DatabaseSet databases) {
    Map<String, String> query = query(exchange);
    Optional<Database> database = databases.get(query.getOrDefault("database", ""));
    if (database.isEmpty()) {
      return noDatabase(query, databases);
    }
    String key = query.getOrDefault("key", "");
    try {
      databases.requireServed(query.getOrDefault("database", ""));
    } catch (StorageException e) {
      return Answer.text(409, e.getMessage() + "\n");
    }
    try (Snapshot snapshot = database.get().snapshot()) {
      Pair pair = snapshot.get(key.getBytes(StandardCharsets.UTF_8));
      return pair == null
          ? Answer.text(404, "there is no key \"" + key + "\" in " + query.get("database") + "\n")
          : new Answer(200, "application/octet-stream", pair.value());
    }
  }

  private static Answer noDatabase(Map<String, String> query, DatabaseSet databases) {
    Optional<StorageException> damage = databases.damage(query.getOrDefault("database", ""));
    if (damage.isPresent()) {
      return Answer.text(409, damage.get().getMessage() + "\n");
    }
    return Answer.text(404, "there is no database \"" + query.get("database") + "\"\n");
  }

  static Map<String, String> query(HttpExchange exchange) {
    Map<String, String> found = new HashMap<>();
    String raw = exchange.getRequestURI().getRawQuery();
    if (raw != null) {
      for (String part : raw.split("&", -1)) {
        int equals = part.indexOf('=');
        if (equals > 0) {
          found.put(
              part.substring(0, equals),
              URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
        }
      }
    }
    return found;
  }
}
