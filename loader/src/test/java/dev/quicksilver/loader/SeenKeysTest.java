package dev.quicksilver.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeenKeysTest {
  @TempDir private Path folder;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Adds a key, and compares with a map. */
  private static void add(SeenKeys keys, Map<String, Long> model, String key, long record)
      throws IOException {
    Long before = model.putIfAbsent(key, record);
    assertThat(keys.add(utf8(key), record)).isEqualTo(before == null ? 0 : before);
  }

  @Test
  void knowsTheFirstRecordOfEachKeyWhileTheyAscendAndAfterwards() throws IOException {
    Map<String, Long> model = new HashMap<>();
    var random = new Random(7);
    try (var keys = new SeenKeys(folder)) {
      long record = 0;
      for (int i = 0; i < 120_000; i++) {
        String key = "k%07d".formatted(3 * i);
        add(keys, model, key, ++record);
        if (random.nextInt(100) == 0) {
          add(keys, model, key, ++record);
        }
      }
      assertThat(keys.size()).isEqualTo(120_000);
      assertThatThrownBy(() -> keys.contains(utf8("k"))).isInstanceOf(IllegalStateException.class);
      for (int i = 0; i < 120_000; i++) {
        add(keys, model, "k%07d".formatted(random.nextInt(400_000)), ++record);
      }
      assertThat(keys.size()).isEqualTo(model.size());
      for (int i = 0; i < 400_000; i++) {
        String key = "k%07d".formatted(i);
        assertThat(keys.contains(utf8(key))).isEqualTo(model.containsKey(key));
      }
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void findsAscendingKeysOnceTheyAreIndexed() throws IOException {
    try (var keys = new SeenKeys(folder)) {
      for (int i = 0; i < 100_000; i++) {
        assertThat(keys.add(utf8("é%06d".formatted(i)), i + 1)).isZero();
      }
      keys.index();
      keys.index();
      assertThat(keys.contains(utf8("é099999"))).isTrue();
      assertThat(keys.contains(utf8("é100000"))).isFalse();
      assertThat(keys.add(utf8("é000041"), 200_000)).isEqualTo(42);
    }
  }
}
