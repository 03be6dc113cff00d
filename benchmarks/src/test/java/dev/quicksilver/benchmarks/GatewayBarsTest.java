package dev.quicksilver.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The bars of the gateway that do not measure time, small enough for every build. */
class GatewayBarsTest {
  @Test
  void tablesRootAndEdgeAgreeWithAModelAfterChangesOfEveryKind() throws Exception {
    assertThat(new GatewayModelBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }

  @Test
  void aLargeTransactionPassesWhole() throws Exception {
    assertThat(new HugeTransactionBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }

  @Test
  void nothingIsLostDoubledOrReorderedWhenPostgresFailsOver() throws Exception {
    assertThat(new FailoverBar().run(new Bar.Settings(true, System.nanoTime())))
        .matches(Bar.Outcome::pass);
  }
}
