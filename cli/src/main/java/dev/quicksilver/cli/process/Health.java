package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.HealthReport;
import dev.quicksilver.cli.process.NodeStatus.Verdict;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells three things apart that a process may be. Live: its threads go on; one that is not should
 * be restarted. Ready: every database is served, and all have been near the root at least once
 * since the start; clients may be sent to it. It stays so when the root falls silent, for what is
 * here is served then, too. Fresh: all databases are near the root now. A bridge or a RESP server
 * is as fresh as the replica whose files it reads. Looks once a second, and tells systemd's
 * watchdog of a live process. Thread-safe.
 */
public final class Health implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Health.class);
  private static final long PERIOD_MILLIS = 1000;

  /**
   * How one database stands.
   *
   * @param ageMillis since it is known to have had all that the root had; empty if it is not known
   * @param unserved why its pairs must not be read; empty if they may
   */
  public record Standing(OptionalLong ageMillis, Optional<String> unserved) {}

  /**
   * What it looks at; both are asked each second and must not wait for anything.
   *
   * @param silences for how long each worker has done nothing although something is due, by a name
   *     that says what it works at
   * @param databases all that should be here
   */
  public record Source(
      Supplier<Map<String, Duration>> silences, Supplier<Map<String, Standing>> databases) {}

  /**
   * Where the limits are.
   *
   * @param liveWithin no worker of a live process is silent for longer
   * @param maxLag how old a copy may be that is near the root
   */
  public record Bounds(Duration liveWithin, Duration maxLag) {}

  private volatile Bounds bounds;
  private final Source source;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("health").factory());
  private volatile boolean caughtUp;

  /** Makes one that looks when it is asked. */
  Health(Bounds bounds, Source source) {
    this.bounds = bounds;
    this.source = source;
  }

  /** Begins to look. */
  public static Health watch(Bounds bounds, Source source) {
    Health health = new Health(bounds, source);
    var _ =
        health.thread.scheduleWithFixedDelay(health::look, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    return health;
  }

  /** Goes by other bounds from now on. */
  public void within(Bounds other) {
    bounds = other;
  }

  private void look() {
    try {
      if (live().holds()) {
        ServiceManager.watchdog();
      }
      var _ = ready();
    } catch (RuntimeException | Error e) { // or nobody would look again
      LOG.error("the health of this process could not be looked at", e);
    }
  }

  /** What cannot even be asked for is no database that is served. */
  private Map<String, Standing> databases() {
    try {
      return source.databases().get();
    } catch (RuntimeException e) {
      return Map.of(
          "what is here", new Standing(OptionalLong.empty(), Optional.of(String.valueOf(e))));
    }
  }

  /** Whether the threads go on. */
  public Verdict live() {
    for (Map.Entry<String, Duration> one : new TreeMap<>(source.silences().get()).entrySet()) {
      if (one.getValue().compareTo(bounds.liveWithin()) > 0) {
        return Verdict.no(
            "nothing was done for "
                + one.getValue().toSeconds()
                + " s at "
                + one.getKey()
                + ": does the disk answer?");
      }
    }
    return Verdict.YES;
  }

  /** Whether clients may be sent to it. */
  public Verdict ready() {
    return ready(databases());
  }

  private Verdict ready(Map<String, Standing> databases) {
    for (Map.Entry<String, Standing> one : new TreeMap<>(databases).entrySet()) {
      if (one.getValue().unserved().isPresent()) {
        return Verdict.no(one.getKey() + " is not served: " + one.getValue().unserved().get());
      }
    }
    if (caughtUp) {
      return Verdict.YES;
    }
    Verdict near = near(databases, bounds.maxLag());
    if (near.holds()) {
      caughtUp = true;
      return near;
    }
    return Verdict.no("not caught up since the start: " + near.why());
  }

  /** Whether all databases are near the root. */
  public Verdict fresh() {
    return fresh(bounds.maxLag());
  }

  /** Whether all databases are as near the root as this. */
  Verdict fresh(Duration within) {
    return near(databases(), within);
  }

  private static Verdict near(Map<String, Standing> databases, Duration within) {
    if (databases.isEmpty()) {
      return Verdict.no("no database is here yet");
    }
    for (Map.Entry<String, Standing> one : new TreeMap<>(databases).entrySet()) {
      OptionalLong age = one.getValue().ageMillis();
      if (age.isEmpty()) {
        return Verdict.no("how far " + one.getKey() + " is behind the root is not known");
      }
      if (age.getAsLong() > within.toMillis()) {
        return Verdict.no(
            one.getKey()
                + " may be "
                + age.getAsLong()
                + " ms behind the root, more than "
                + within.toMillis());
      }
    }
    return Verdict.YES;
  }

  /** Returns all three. */
  public HealthReport report() {
    Map<String, Standing> databases = databases();
    return new HealthReport(live(), ready(databases), near(databases, bounds.maxLag()));
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
