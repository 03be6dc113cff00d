package dev.quicksilver.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * {@code replication.faults}: random schedules of faults in a tree of real processes under write
 * load. Each ends with the same history and content on all nodes, entry by entry what {@link
 * FaultModel} says, or with the refusal that is right.
 */
final class FaultsBar implements Bar {
  private static final int AT_ONCE = 2;

  @Override
  public String name() {
    return "replication.faults";
  }

  @Override
  public String description() {
    return "200 schedules of 5 to 10 faults under write load: equal everywhere, or rightly refused";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  private record Ended(long seed, FaultSchedule.Result result, String failure) {}

  private static Ended run(long seed) {
    FaultSchedule schedule = new FaultSchedule(seed);
    try {
      return new Ended(seed, schedule.run(), "");
    } catch (Exception | AssertionError e) {
      return new Ended(
          seed, new FaultSchedule.Result(0, false, 0, schedule.said()), String.valueOf(e));
    }
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int schedules = settings.size(200, 10);
    long began = System.nanoTime();
    int failed = 0;
    int forks = 0;
    int faults = 0;
    long entries = 0;
    try (ExecutorService executor = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<Ended>> running = new ArrayList<>();
      for (int i = 0; i < schedules; i++) {
        long seed = settings.seed() + i;
        running.add(executor.submit(() -> run(seed)));
      }
      for (Future<Ended> each : running) {
        Ended ended = each.get();
        FaultSchedule.Result result = ended.result();
        faults += result.faults().size();
        entries += result.entries();
        forks += result.forked() ? 1 : 0;
        failed += ended.failure().isEmpty() ? 0 : 1;
        System.out.printf(
            "seed %d: %s, %,d entries: %s%n",
            ended.seed(),
            ended.failure().isEmpty()
                ? result.forked() ? "a fork, rightly refused by " + result.refused() : "equal"
                : "FAILED " + ended.failure(),
            result.entries(),
            result.faults());
      }
    }
    double minutes = (System.nanoTime() - began) / 6e10;
    return new Outcome(
        String.format(
            "%d of %d schedules right (%d faults, %,d entries, %d forks, %.1f schedules/min)",
            schedules - failed, schedules, faults, entries, forks, schedules / minutes),
        "= all equal or rightly refused",
        failed == 0);
  }
}
