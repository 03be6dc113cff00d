package dev.quicksilver.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CrashBarTest {
  private static final Pattern HIT = Pattern.compile("FailPoint\\.hit\\(\\s*\"([^\"]+)\"");

  @Test
  void everyFailPointOfTheStorageEngineIsHit() throws IOException {
    List<Path> sources;
    try (Stream<Path> walk = Files.walk(Path.of("../storage/src/main/java"))) {
      sources = walk.filter(path -> path.toString().endsWith(".java")).toList();
    }
    StringBuilder text = new StringBuilder();
    for (Path source : sources) {
      text.append(Files.readString(source));
    }
    List<MatchResult> hits = HIT.matcher(text).results().toList();
    assertThat(hits).isNotEmpty();
    assertThat(CrashBar.points())
        .as("CrashBar must halt a process at each fail point: add the missing ones there")
        .containsExactlyInAnyOrderElementsOf(
            hits.stream().map(hit -> hit.group(1)).distinct().toList());
  }
}
