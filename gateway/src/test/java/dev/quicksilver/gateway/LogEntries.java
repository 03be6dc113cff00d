package dev.quicksilver.gateway;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A database's log, for tests. */
public final class LogEntries {
  private LogEntries() {}

  public static List<LogEntry> of(Database database) {
    List<LogEntry> entries = new ArrayList<>();
    if (database.head().lastSequence() == 0) {
      return entries;
    }
    try (Snapshot snapshot = database.snapshot()) {
      LogScan scan = snapshot.scanLog(1);
      for (LogEntry entry = scan.next(); entry != null; entry = scan.next()) {
        entries.add(entry);
      }
    }
    return entries;
  }

  /** The log as {@code SET key value}. */
  public static List<String> lines(Database database) {
    return of(database).stream()
        .map(e -> (e.operation() + " " + text(e.key()) + " " + text(e.value())).strip())
        .toList();
  }

  public static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
