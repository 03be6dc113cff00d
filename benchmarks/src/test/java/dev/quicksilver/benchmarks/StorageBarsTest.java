package dev.quicksilver.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The bars of the storage engine that do not measure time, small enough for every build. */
class StorageBarsTest {
  @Test
  void nothingAcknowledgedIsLostWhenTheWriterIsKilled() throws Exception {
    assertThat(new CrashBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }
}
