package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** One process of the demo: this program again, with another command. */
final class ChildProcess implements AutoCloseable {
  private static final Duration LONGEST_START = Duration.ofMinutes(2);
  private static final int TAIL = 15;

  private final String name;
  private final Process process;
  private final Path log;
  private final Path directory;
  private final String fileName;
  private volatile boolean stopped;
  private final AtomicBoolean logShown = new AtomicBoolean();

  private ChildProcess(String name, Process process, Path log, Path directory, String fileName) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.directory = directory;
    this.fileName = fileName;
  }

  /**
   * Starts a process; {@link #awaitReady} waits for it.
   *
   * @param name what it is called in the demo
   * @param directory its data directory
   * @param fileName the name of its file below {@code run/}
   * @param log where its output goes
   * @param settings environment variables, which do not show in a list of processes
   */
  static ChildProcess start(
      String name,
      Path directory,
      String fileName,
      Path log,
      Map<String, String> settings,
      List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    // Seven JVMs start at once: the second compiler would cost more than it brings in a minute.
    command.addAll(List.of("-Xmx160m", "-XX:TieredStopAtLevel=1"));
    command.addAll(
        List.of(
            "-cp",
            ManagementFactory.getRuntimeMXBean().getClassPath(),
            dev.quicksilver.cli.Quicksilver.class.getName()));
    command.addAll(arguments);
    command.addAll(List.of("--data-directory", directory.toString(), "--stop-with-stdin"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(variable -> variable.startsWith("QUICKSILVER_"));
    builder.environment().putAll(settings);
    return new ChildProcess(name, builder.start(), log, directory, fileName);
  }

  /**
   * Waits until the process says that it is ready.
   *
   * @return its addresses by what listens there
   * @throws CommandException if it ends before, or takes too long
   */
  Map<String, String> awaitReady() throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST_START.toNanos();
    while (true) {
      Optional<ProcessFile.Content> content =
          ProcessFile.read(directory, fileName).filter(c -> c.pid() == process.pid());
      if (content.isPresent()) {
        return content.get().addresses();
      }
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        throw failure("ended with exit code " + process.exitValue());
      }
      if (System.nanoTime() > deadline) {
        throw failure("was not ready within " + LONGEST_START.toSeconds() + " s");
      }
    }
  }

  /** Waits until a process that is ready also does what it is for. */
  void awaitHealthy(String httpAddress) throws IOException, InterruptedException {
    URL health = URI.create("http://" + httpAddress + "/healthz").toURL();
    long deadline = System.nanoTime() + LONGEST_START.toNanos();
    while (((HttpURLConnection) health.openConnection()).getResponseCode() != 200) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        throw failure("ended with exit code " + process.exitValue());
      }
      if (System.nanoTime() > deadline) {
        throw failure("was not healthy within " + LONGEST_START.toSeconds() + " s");
      }
    }
  }

  /** Calls back when the process ends, for whatever reason. */
  void whenEnded(Runnable action) {
    var _ = process.onExit().thenRun(action);
  }

  /** Makes a failure of this process; the first one shows the end of its log. */
  CommandException failure(String what) {
    if (!logShown.getAndSet(true) && !stopped) {
      System.err.printf(Locale.ROOT, "%nThe last lines of %s:%n  %s%n", log, lastLines());
    }
    return new CommandException(ExitCode.FAILURE, "demo: the process " + name + " " + what);
  }

  private String lastLines() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join(
          System.lineSeparator() + "  ",
          lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
    } catch (IOException e) {
      return "(its log cannot be read: " + e + ")";
    }
  }

  /** Asks the process to stop; {@link #close} waits for it. */
  void stop() {
    stopped = true;
    process.destroy();
  }

  /** Stops the process and waits until it is gone. */
  @Override
  public void close() {
    try {
      stop();
      if (!process.waitFor(4, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
