package dev.quicksilver.cli.process;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Health of processes that are not there. */
public final class Healths {
  private Healths() {}

  /** Returns that of one whose database dns is 2.5 s behind the root, where 3 s may be. */
  public static Health near() {
    return new Health(
        new Health.Bounds(Duration.ofMinutes(1), Duration.ofSeconds(3)),
        new Health.Source(
            Map::of,
            () -> Map.of("dns", new Health.Standing(OptionalLong.of(2_500), Optional.empty()))));
  }
}
