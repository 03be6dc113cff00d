package dev.quicksilver.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.Operation;
import org.junit.jupiter.api.Test;

final class EntryJsonTest {
  private static LogEntry entry(Operation operation, byte[] key, byte[] value) {
    return new LogEntry(23, operation, key, value, 1, 1_769_860_800_123_456L);
  }

  @Test
  void textIsTextAndBytesAreDigits() {
    assertThat(EntryJson.of(entry(Operation.SET, "ключ\n\"".getBytes(UTF_8), new byte[] {-1, 0})))
        .isEqualTo(
            "{\"sequence\":23,\"operation\":\"SET\",\"key\":\"ключ\\n\\\"\",\"value_hex\":\"ff00\","
                + "\"commit_time\":\"2026-01-31T12:00:00.123456Z\"}");
    assertThat(EntryJson.of(entry(Operation.DEL, "a".getBytes(UTF_8), new byte[0])))
        .isEqualTo(
            "{\"sequence\":23,\"operation\":\"DEL\",\"key\":\"a\","
                + "\"commit_time\":\"2026-01-31T12:00:00.123456Z\"}");
    assertThat(EntryJson.of(entry(Operation.CLEAR, new byte[0], new byte[0])))
        .doesNotContain("key");
  }
}
