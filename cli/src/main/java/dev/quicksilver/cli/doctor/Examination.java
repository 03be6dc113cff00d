package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.Failures;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.doctor.Finding.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs checks, each in a thread of its own and for a bounded time. Stateless. */
final class Examination {
  /** The longest that a check may take; what it asks over a network gives up before. */
  static final Duration LONGEST = Duration.ofSeconds(15);

  private Examination() {}

  /** Returns the findings of some checks in their order. */
  static List<Finding> run(List<Check> checks, Context context, Duration longest)
      throws InterruptedException {
    List<Finding> findings = new ArrayList<>();
    for (Check check : checks) {
      findings.addAll(run(check, context, longest));
    }
    return findings;
  }

  private static List<Finding> run(Check check, Context context, Duration longest)
      throws InterruptedException {
    var task = new FutureTask<List<Finding>>(() -> check.run(context));
    // A daemon: a file system that hangs must not keep the process.
    Thread.ofPlatform().daemon().name("check-" + check.name()).start(task);
    try {
      return task.get(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      var _ = task.cancel(true);
      return List.of(
          Finding.error(
              check.name(),
              "this check did not end within " + longest.toSeconds() + " s",
              "something that it asks hangs: a file system, a name server or a host; look at what"
                  + " the configuration names"));
    } catch (ExecutionException e) {
      return List.of(failed(check, e.getCause() == null ? e : e.getCause()));
    }
  }

  private static Finding failed(Check check, Throwable thrown) {
    String line = Failures.describe(thrown).line();
    return thrown instanceof ConfigurationException
        ? Finding.of(Level.ERROR, check.name(), line, "correct the configuration")
        : Finding.error(
            check.name(),
            "this check failed: " + line,
            "run doctor as the user that the node runs as; if it fails there too, report it");
  }
}
