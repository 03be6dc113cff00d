package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.log.LogEntry;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What the writers have committed and no check has found in a log yet: by database and writer, the
 * transactions in the order of their commits. Each key begins with the name of its writer and a
 * slash. Safe across threads.
 */
final class GatewayKillLog {
  /** A writer's transactions in one database. */
  private record Part(String database, String writer) {}

  private final Map<Part, Queue<List<String>>> committed = new ConcurrentHashMap<>();
  private final Map<String, Long> entries = new ConcurrentHashMap<>();

  /** Notes a transaction that PostgreSQL has. */
  void committed(String database, String writer, List<String> transaction) {
    committed
        .computeIfAbsent(new Part(database, writer), _ -> new ConcurrentLinkedQueue<>())
        .add(transaction);
    entries.merge(database, (long) transaction.size(), Long::sum);
  }

  /** How many entries a database must have. Meaningful while nobody writes. */
  long entries(String database) {
    return entries.getOrDefault(database, 0L);
  }

  /** Takes out the transaction that has to be the writer's next one in a log. */
  Optional<List<String>> next(String database, String writer) {
    return Optional.ofNullable(committed.get(new Part(database, writer))).map(Queue::poll);
  }

  /** Whether all that was committed to a database has been taken out. */
  boolean isEmpty(String database) {
    return committed.entrySet().stream()
        .allMatch(each -> !each.getKey().database().equals(database) || each.getValue().isEmpty());
  }

  /** Whose key that is. */
  static String writer(LogEntry entry) {
    String key = new String(entry.key(), StandardCharsets.UTF_8);
    return key.substring(0, Math.max(0, key.indexOf('/')));
  }

  /** An entry as {@link #set} and {@link #delete} say it. */
  static String text(LogEntry entry) {
    String key = new String(entry.key(), StandardCharsets.UTF_8);
    return switch (entry.operation()) {
      case SET -> set(key, entry.value());
      case DEL -> delete(key);
      case CLEAR -> "CLEAR";
    };
  }

  static String set(String key, String value) {
    return set(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private static String set(String key, byte[] value) {
    return value.length <= 40
        ? "SET " + key + " " + new String(value, StandardCharsets.UTF_8)
        : "SET " + key + " of " + value.length + " bytes, hash " + Arrays.hashCode(value);
  }

  static String delete(String key) {
    return "DEL " + key;
  }
}
