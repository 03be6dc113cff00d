package dev.quicksilver.benchmarks.alerts;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** Runs trials against one Prometheus, and counts what came of them. */
public final class TrialRun {
  /** How long an alert may take to fire, and to clear, with the shorter rules. */
  static final int LONGEST_SECONDS = 60;

  private static final int LOOK_MILLIS = 300;

  private final AlertingPrometheus prometheus;
  private final Set<String> good = new TreeSet<>();
  private int failures;

  /** Makes one that has run nothing. */
  public TrialRun(AlertingPrometheus prometheus) {
    this.prometheus = prometheus;
  }

  /** Returns the names of the alerts that fired and cleared. */
  public Set<String> good() {
    return good;
  }

  /** Returns how many alerts did not, or fired without a cause. */
  public int failures() {
    return failures;
  }

  /** Looks whether nothing fires at instances where all is well. */
  public void requireQuiet(List<String> instances) throws Exception {
    Set<String> firing = prometheus.firing();
    firing.removeIf(alert -> !instances.contains(alert.substring(alert.indexOf(' ') + 1)));
    System.out.println("firing while all is well: " + firing);
    failures += firing.size();
  }

  /** Causes something, waits until its alerts fire, cures it, waits until they are gone. */
  public void run(Trial trial) throws Exception {
    try {
      System.out.println(trial.what());
      Set<String> wanted = new TreeSet<>(trial.alerts());
      long began = System.nanoTime();
      trial.cause();
      Set<String> missing = new TreeSet<>(wanted);
      while (!missing.isEmpty() && seconds(began) < LONGEST_SECONDS) {
        trial.causeMore();
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        missing.removeAll(prometheus.firing());
      }
      double fired = seconds(began);
      long cured = System.nanoTime();
      trial.cure();
      Set<String> left = new TreeSet<>(wanted);
      while (!left.isEmpty() && seconds(cured) < LONGEST_SECONDS) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        left.retainAll(prometheus.firing());
      }
      wanted.forEach(alert -> judge(alert, missing.contains(alert), left.contains(alert)));
      System.out.printf(
          Locale.ROOT, "  all within %.0f s, gone %.0f s later%n", fired, seconds(cured));
    } finally {
      trial.end();
    }
  }

  private void judge(String alert, boolean missing, boolean left) {
    if (missing || left) {
      failures++;
    } else {
      good.add(alert.substring(0, alert.indexOf(' ')));
    }
    System.out.printf(
        Locale.ROOT,
        "  %-60s %s, %s%n",
        alert,
        missing ? "DID NOT FIRE" : "fired",
        left ? "DID NOT CLEAR" : "cleared");
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
