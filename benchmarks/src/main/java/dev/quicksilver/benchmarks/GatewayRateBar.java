package dev.quicksilver.benchmarks;

import dev.quicksilver.fixtures.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * {@code gateway.rate}: the gateway with durable commits on WAL that is there already, against a
 * bare reader of the driver that decodes and drops it and against PostgreSQL's own subscriber. All
 * use the same Unix socket and read the same WAL, in turns, each from a slot made before it.
 */
final class GatewayRateBar implements Bar {
  private static final double LIMIT = 0.8;

  @Override
  public String name() {
    return "gateway.rate";
  }

  @Override
  public String description() {
    return "rows of 29 + 100 bytes already in the WAL, against a bare reader and a subscriber";
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rounds = settings.size(5, 1);
    double[] large = ratios("1000 rows", rounds, settings.size(1_000, 50), 1_000);
    double[] single = ratios("1 row", rounds, settings.size(200_000, 10_000), 1);
    return new Outcome(
        String.format(
            "1000 rows: %.2f × bare, %.2f × subscriber; 1 row: %.2f × bare, %.2f × subscriber"
                + " (medians)",
            large[0], large[1], single[0], single[1]),
        "≥ 0.8 × bare, > 1 × subscriber",
        large[0] >= LIMIT && single[0] >= LIMIT && large[1] > 1 && single[1] > 1);
  }

  /** The median ratios to the bare reader and to the subscriber; the first round warms up. */
  private static double[] ratios(String what, int rounds, long transactions, int rows)
      throws Exception {
    double[] bare = new double[rounds];
    double[] subscriber = new double[rounds];
    Path folder = Files.createTempDirectory("quicksilver-rate-");
    try (RateSource source = new RateSource(folder, rounds + 1, transactions, rows);
        EmbeddedPostgres to = RateSource.subscriber()) {
      for (int round = 0; round <= rounds; round++) {
        double read = source.bare();
        double sequenced = source.gateway(round);
        double applied = source.subscriber(to, round);
        System.out.printf(
            "transactions of %s, rows/s: bare reader %,.0f, gateway %,.0f (%.2f), subscriber"
                + " %,.0f (%.2f)%s%n",
            what,
            read,
            sequenced,
            sequenced / read,
            applied,
            sequenced / applied,
            round == 0 ? " - to warm up, does not count" : "");
        if (round > 0) {
          bare[round - 1] = sequenced / read;
          subscriber[round - 1] = sequenced / applied;
        }
      }
    } finally {
      TemporaryFolders.remove(folder);
    }
    Arrays.sort(bare);
    Arrays.sort(subscriber);
    return new double[] {bare[rounds / 2], subscriber[rounds / 2]};
  }
}
