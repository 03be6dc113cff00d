package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
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
        demo.run();
      } catch (Exception e) {
        if (lifecycle.isStopping()) {
          throw awaitHalt();
        }
        Thread.interrupted(); // may have been meant for the tour
        Thread.sleep(500); // when a process has ended, that is the better explanation
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

  /** A signal is closing everything: what fails meanwhile is no failure. */
  private static IllegalStateException awaitHalt() throws InterruptedException {
    Thread.interrupted();
    Thread.sleep(Duration.ofMinutes(1));
    return new IllegalStateException("the process did not end");
  }
}
