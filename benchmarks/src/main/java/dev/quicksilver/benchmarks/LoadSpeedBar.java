package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.LoadSpeedLab.Times;
import dev.quicksilver.cli.cluster.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * {@code loader.speed}: {@code ./quicksilver load} of a TSV file, from the start of the command
 * until the root holds the last pair, against COPY of the file in a PostgreSQL from which nobody
 * reads, and against the root that finds the same transactions in the WAL. All on this machine, in
 * turns. Then the same file with gzip and with zstd, against the plain one.
 */
final class LoadSpeedBar implements Bar {
  private static final double LIMIT = 1.25;
  private static final double PACKED_LIMIT = 1.15;

  /** What takes turns. */
  private enum Turn {
    COPY,
    ONE_AFTER_THE_OTHER,
    PLAIN,
    GZIP,
    ZSTD
  }

  /** Ratios of a round: to the slower of the two, and of packed files to the plain one. */
  private record Round(double slower, double gzip, double zstd) {}

  @Override
  public String name() {
    return "loader.speed";
  }

  @Override
  public String description() {
    return "a load until searchable at the root, against COPY alone and the gateway alone";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(5_000_000, 300_000);
    int rounds = settings.size(3, 1);
    var random = new Random(settings.seed());
    Path folder = Files.createTempDirectory("quicksilver-load-");
    List<Round> all = new ArrayList<>();
    try (var lab = new LoadSpeedLab(folder)) {
      LoadSample few = LoadSample.write(folder, pairs / 10, random);
      lab.copy(few);
      lab.load(few, few.plain());
      few.delete();
      LoadSample sample = LoadSample.write(folder, pairs, random);
      System.out.println(sample.sizes() + "; heap of the loader 256 MiB");
      for (int round = 0; round < rounds; round++) {
        all.add(round(lab, sample, round));
      }
    } finally {
      Folders.remove(folder);
    }
    double slower = median(all.stream().mapToDouble(Round::slower).toArray());
    double gzip = median(all.stream().mapToDouble(Round::gzip).toArray());
    double zstd = median(all.stream().mapToDouble(Round::zstd).toArray());
    return new Outcome(
        String.format(
            "%.2f × the slower of COPY and gateway; gzip %.2f ×, zstd %.2f × plain (%s)",
            slower, gzip, zstd, rounds == 1 ? "one round" : "medians of " + rounds + " rounds"),
        "≤ 1.25 ×; ≤ 1.15 ×",
        slower <= LIMIT && gzip <= PACKED_LIMIT && zstd <= PACKED_LIMIT);
  }

  private static Round round(LoadSpeedLab lab, LoadSample sample, int number) throws Exception {
    List<Turn> turns = new ArrayList<>(List.of(Turn.values()));
    Collections.rotate(turns, -number);
    Map<Turn, Times> times = new EnumMap<>(Turn.class);
    for (Turn turn : turns) {
      times.put(turn, take(lab, sample, turn));
    }
    double copy = seconds(times, Turn.COPY);
    double gateway = seconds(times, Turn.ONE_AFTER_THE_OTHER);
    double plain = seconds(times, Turn.PLAIN);
    double gzip = seconds(times, Turn.GZIP);
    double zstd = seconds(times, Turn.ZSTD);
    Times load = Objects.requireNonNull(times.get(Turn.PLAIN));
    var round = new Round(plain / Math.max(copy, gateway), gzip / plain, zstd / plain);
    System.out.printf(
        "round %d: COPY alone %.1f s, gateway alone %.1f s, load alone (the root held) %.1f s; load"
            + " until searchable %.1f s (%.2f × the slower; the command itself %.1f s), gzip %.1f s"
            + " (%.2f × plain), zstd %.1f s (%.2f × plain)%n  processors during the plain load: %s,"
            + " of %d%n",
        number + 1,
        copy,
        gateway,
        Objects.requireNonNull(times.get(Turn.ONE_AFTER_THE_OTHER)).command(),
        plain,
        round.slower(),
        load.command(),
        gzip,
        round.gzip(),
        zstd,
        round.zstd(),
        load.processors(),
        Runtime.getRuntime().availableProcessors());
    return round;
  }

  private static Times take(LoadSpeedLab lab, LoadSample sample, Turn turn) throws Exception {
    return switch (turn) {
      case COPY -> {
        double seconds = lab.copy(sample);
        yield new Times(seconds, seconds, "");
      }
      case ONE_AFTER_THE_OTHER -> lab.oneAfterTheOther(sample);
      case PLAIN -> lab.load(sample, sample.plain());
      case GZIP -> lab.load(sample, sample.gzip());
      case ZSTD -> lab.load(sample, sample.zstd());
    };
  }

  private static double seconds(Map<Turn, Times> times, Turn turn) {
    return Objects.requireNonNull(times.get(turn)).searchable();
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }
}
