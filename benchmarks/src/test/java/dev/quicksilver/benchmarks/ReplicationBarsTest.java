package dev.quicksilver.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The bars of replication that do not measure time, small enough for every build. */
class ReplicationBarsTest {
  @TestFactory
  Stream<DynamicTest> theArticlesFailure() {
    return Article.SCENARIOS.stream()
        .map(failure -> DynamicTest.dynamicTest(failure.name(), () -> ArticleBar.run(failure)));
  }

  @Test
  void fuzzedConversationsCrashAndLeakNothingAndDisturbNobody() throws Exception {
    assertThat(new FuzzBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }

  @Test
  void everyScheduleOfFaultsEndsEqualOrIsRightlyRefused() throws Exception {
    assertThat(new FaultsBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }
}
