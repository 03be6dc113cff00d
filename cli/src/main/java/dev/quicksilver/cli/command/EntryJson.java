package dev.quicksilver.cli.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quicksilver.cli.process.Utf8;
import dev.quicksilver.storage.log.LogEntry;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;

/**
 * Entries of a log for programs: one line of JSON each, as in {@code
 * {"sequence":23,"operation":"SET","key":"hello","value":"world","commit_time":"2026-01-31T12:00:00Z"}}.
 * Bytes that are no UTF-8 are hexadecimal digits in {@code key_hex} and {@code value_hex}.
 * Stateless.
 */
final class EntryJson {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  private EntryJson() {}

  static String of(LogEntry entry) {
    ObjectNode line = MAPPER.createObjectNode();
    line.put("sequence", entry.sequence());
    line.put("operation", entry.operation().name());
    switch (entry.operation()) {
      case SET -> {
        put(line, "key", entry.key());
        put(line, "value", entry.value());
      }
      case DEL -> put(line, "key", entry.key());
      case CLEAR -> {}
    }
    line.put("commit_time", Instant.EPOCH.plus(entry.commitTime(), ChronoUnit.MICROS).toString());
    try {
      return MAPPER.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // a tree of strings is always JSON
    }
  }

  private static void put(ObjectNode line, String name, byte[] bytes) {
    Utf8.text(bytes)
        .ifPresentOrElse(
            text -> line.put(name, text),
            () -> line.put(name + "_hex", HexFormat.of().formatHex(bytes)));
  }
}
