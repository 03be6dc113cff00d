package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the whole system on this machine and shows it at work. */
@Command(
    name = "demo",
    description =
        "Runs the whole system on this machine, shows it at work and stays up until Ctrl-C.")
public final class DemoCommand implements Callable<Integer> {
  /** 128 + SIGINT, as shells have it. */
  private static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec;

  @Option(names = "--once", description = "Exit after the tour and leave no file behind.")
  private boolean once;

  @Option(
      names = "--dir",
      paramLabel = "DIRECTORY",
      description =
          "Where to keep the files; they stay there without --once. Default: a temporary"
              + " directory that is removed.")
  private @Nullable Path directory;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  DemoCommand() {}

  @Override
  public Integer call() throws Exception {
    Console console = new Console(spec.commandLine().getOut());
    try (Lifecycle lifecycle = new Lifecycle(Duration.ofSeconds(10))) {
      lifecycle.signalExitCode(INTERRUPTED);
      DemoDirectory files =
          lifecycle.own("the demo's files", DemoDirectory.create(Optional.ofNullable(directory)));
      if (directory != null && !once) {
        files.keep();
      }
      Demo demo = new Demo(files.path(), lifecycle, console);
      Thread tour = Thread.currentThread();
      lifecycle.whenFailed(tour::interrupt);
      try {
        demo.run(!once);
      } catch (Exception e) {
        if (lifecycle.isStopping()) {
          throw awaitHalt();
        }
        awaitBetterExplanation(lifecycle);
        if (lifecycle.isStopping()) {
          throw awaitHalt();
        }
        console.line("  (the logs are in " + files.path().resolve("logs") + ")");
        files.keep();
        throw lifecycle.failure().<Exception>map(failure -> failure).orElse(e);
      }
      if (once) {
        console.line("");
        return ExitCode.OK;
      }
      lifecycle.signalExitCode(ExitCode.OK);
      console.heading("Running until Ctrl-C; all files are in " + files.path());
      throw demo.awaitFailure();
    }
  }

  /** When a process of the demo has ended, that explains more than what the tour ran into. */
  private static void awaitBetterExplanation(Lifecycle lifecycle) {
    long deadline = System.nanoTime() + Duration.ofMillis(600).toNanos();
    while (lifecycle.failure().isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
      Thread.interrupted(); // was meant for the tour
    }
  }

  /** A signal is closing everything: what fails meanwhile is no failure. */
  private static IllegalStateException awaitHalt() {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (System.nanoTime() < deadline) {
      LockSupport.parkNanos(100_000_000);
      Thread.interrupted();
    }
    return new IllegalStateException("the process did not end");
  }
}
