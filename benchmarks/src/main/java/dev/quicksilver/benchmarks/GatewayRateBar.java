package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * {@code gateway.rate}: the gateway with durable commits on WAL that is there already, against a
 * bare reader of the driver that decodes and drops it, against PostgreSQL's own subscriber and
 * against the Debezium embedded engine with a consumer that drops its records. All use the same
 * Unix socket and read the same WAL, in turns, each from a slot made before it.
 */
final class GatewayRateBar implements Bar {
  private static final double LIMIT = 0.8;

  @Override
  public String name() {
    return "gateway.rate";
  }

  @Override
  public String description() {
    return "rows of 29 + 100 bytes already in the WAL, against a bare reader, a subscriber and"
        + " Debezium";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rounds = settings.size(5, 1);
    Path folder = Files.createTempDirectory("quicksilver-rate-");
    try {
      Debezium engine = Debezium.fetch(folder);
      Ratios large = ratios(folder, engine, "1000 rows", rounds, settings.size(1_000, 200), 1_000);
      Ratios single = ratios(folder, engine, "1 row", rounds, settings.size(200_000, 50_000), 1);
      return new Outcome(
          "1000 rows: " + large + "; 1 row: " + single + " (medians)",
          "≥ 0.8 × bare, > 1 × subscriber, > 1 × Debezium",
          large.pass() && single.pass());
    } finally {
      Folders.remove(folder);
    }
  }

  /** The gateway's rate over that of each peer. */
  private record Ratios(double bare, double subscriber, double debezium) {
    boolean pass() {
      return bare >= LIMIT && subscriber > 1 && debezium > 1;
    }

    @Override
    public String toString() {
      return String.format(
          "%.2f × bare, %.2f × subscriber, %.2f × Debezium", bare, subscriber, debezium);
    }
  }

  /** The median ratios; the first round warms up. */
  private static Ratios ratios(
      Path below, Debezium engine, String what, int rounds, long transactions, int rows)
      throws Exception {
    double[] bare = new double[rounds];
    double[] subscriber = new double[rounds];
    double[] debezium = new double[rounds];
    Path folder = Files.createDirectory(below.resolve("rows-" + rows));
    try (RateSource source = new RateSource(folder, rounds + 1, transactions, rows);
        EmbeddedPostgres to = RateSource.subscriber()) {
      for (int round = 0; round <= rounds; round++) {
        double read = source.bare();
        double sequenced = source.gateway(round);
        double applied = source.subscriber(to, round);
        double captured = source.debezium(engine, round);
        System.out.printf(
            "transactions of %s, rows/s: bare reader %,.0f, gateway %,.0f (%.2f), subscriber"
                + " %,.0f (%.2f), Debezium %,.0f (%.2f)%s%n",
            what,
            read,
            sequenced,
            sequenced / read,
            applied,
            sequenced / applied,
            captured,
            sequenced / captured,
            round == 0 ? " - to warm up, does not count" : "");
        if (round > 0) {
          bare[round - 1] = sequenced / read;
          subscriber[round - 1] = sequenced / applied;
          debezium[round - 1] = sequenced / captured;
        }
      }
    }
    return new Ratios(median(bare), median(subscriber), median(debezium));
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }
}
