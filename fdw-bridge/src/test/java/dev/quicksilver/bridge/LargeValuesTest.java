package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.fixtures.wire.WireConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeValuesTest {
  private static final int PAIRS = 150;
  private static final int LENGTH = 1_000_000;
  private static final long MEMORY = 128 << 20;

  @Test
  void moreThanTheEvaluatorsMemoryIsReadInPieces(@TempDir Path data) throws Exception {
    byte[] value = "v".repeat(LENGTH).getBytes(StandardCharsets.UTF_8);
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(Map.entry("key" + (1000 + i), value));
    }
    TestReplica.write(data, "large", "text", pairs);
    long all = (long) PAIRS * LENGTH;
    try (Bridge bridge = Bridge.start(config(data));
        var connection = WireConnection.tcp(bridge.port(), "analyst", "quicksilver")) {
      assertThat(connection.require("SELECT sum(length(value)) FROM large").rows())
          .containsExactly(List.of(Long.toString(all)));
      List<?> kept = connection.require("SELECT sequence FROM large_log").rows();
      assertThat(connection.require("SELECT sum(length(value)) FROM large_log").rows())
          .containsExactly(List.of(Long.toString((long) kept.size() * LENGTH)));
    }
  }

  private static BridgeConfig config(Path data) {
    BridgeConfig config = TestReplica.config(data);
    EvaluatorConfig evaluator = config.evaluator();
    return config.withEvaluator(
        new EvaluatorConfig(
            evaluator.start(),
            evaluator.directory(),
            evaluator.idle(),
            MEMORY,
            evaluator.temporaryFiles()));
  }
}
