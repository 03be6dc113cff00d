package dev.quicksilver.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The bars of the main job that do not measure time, small enough for every build. */
class MainBarsTest {
  @Test
  void nothingIsLostDoubledReorderedOrTornWhenNodesAreKilled() throws Exception {
    assertThat(new KillBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }

  @Test
  void everyWrongStartNamesItsCauseAndItsCure() throws Exception {
    assertThat(new ErrorsBar().run(new Bar.Settings(true, 1))).matches(Bar.Outcome::pass);
  }

  @Test
  void aCommitReachesAnEdgeTwoHopsAway() throws Exception {
    assertThat(new LatencyBar().run(new Bar.Settings(true, 1)).figure()).endsWith("ms");
  }
}
