package dev.quicksilver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FollowingTest {
  @TempDir private Path data;

  @Test
  void saysWhatWasSaid() throws IOException {
    assertThat(Following.read(data)).isEmpty();
    Map<String, Following> said =
        Map.of(
            "dns",
                new Following("STREAMING", "relay-1", 42, OptionalLong.of(1_700_000_000_000L), ""),
            "pages", new Following("CONNECTING", "", 0, OptionalLong.empty(), "no answer from ü"));
    Following.write(data, said);
    assertThat(Following.read(data)).isEqualTo(said);
    Following.write(data, Map.of());
    assertThat(Following.read(data)).isEmpty();
  }

  @Test
  void aProblemOfManyLinesIsOneLine() throws IOException {
    Following.write(
        data,
        Map.of("a", new Following("X", "", 0, OptionalLong.empty(), "one\ttwo\nthree\rfour")));
    assertThat(Following.read(data).get("a").problem()).isEqualTo("one two three four");
  }

  @Test
  void refusesWhatItDoesNotKnow() throws IOException {
    Path file = data.resolve("following");
    Files.writeString(file, "quicksilver-following 2\n");
    assertThatThrownBy(() -> Following.read(data)).hasMessageContaining("another version");
    Files.writeString(file, "quicksilver-following 1\ndns\tSTREAMING\n");
    assertThatThrownBy(() -> Following.read(data)).hasMessageContaining("damaged");
  }
}
