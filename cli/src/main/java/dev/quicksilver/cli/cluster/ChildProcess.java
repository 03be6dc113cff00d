package dev.quicksilver.cli.cluster;

import dev.quicksilver.cli.process.ProcessFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One process of ours: {@code quicksilver} with a command. Safe across threads. */
public final class ChildProcess implements AutoCloseable {
  /** How long anything that is waited for may take; what goes well ends long before. */
  static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

  /** Twice as long as the process takes when nothing hinders it. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(4);

  private static final int POLL_MILLIS = 20;
  private static final int LAST_LINES = 15;

  /** The commands that stay up. */
  private static final Set<String> SERVICES =
      Set.of("root", "replica", "bridge", "serve", "postgres");

  private final String name;
  private final Process process;
  private final Path log;
  private final long logStart;

  /** Whether somebody here wants it to end, so that its end is no failure. */
  private volatile boolean mayEnd;

  private volatile boolean hangs;

  private ChildProcess(String name, Process process, Path log, long logStart) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.logStart = logStart;
  }

  /**
   * Starts {@code quicksilver}; does not wait for anything.
   *
   * @param name what messages call it
   * @param log the file whose end both outputs go to
   * @param arguments the command and its flags
   */
  public static ChildProcess start(
      String name, Path log, ProcessOptions options, List<String> arguments) throws IOException {
    List<String> all = new ArrayList<>(arguments);
    if (SERVICES.contains(arguments.getFirst())) {
      all.add("--stop-with-stdin");
    }
    long logStart = Files.exists(log) ? Files.size(log) : 0;
    Process process =
        options
            .builder(all)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return new ChildProcess(name, process, log, logStart);
  }

  /** Returns what messages call it. */
  public String name() {
    return name;
  }

  /** Returns the id of the process. */
  public long pid() {
    return process.pid();
  }

  /** Returns whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Returns whether it has ended although nobody here wanted that. */
  boolean hasEndedByItself() {
    return !mayEnd && !process.isAlive();
  }

  /** Returns all that it has printed on both outputs since it was started. */
  public String output() {
    try (InputStream in = Files.newInputStream(log)) {
      in.skipNBytes(logStart);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the log " + log + " of " + name + " cannot be read", e);
    }
  }

  /** Returns the end of its output, after a line that says whose it is. */
  String lastLines() {
    List<String> lines;
    try {
      lines = output().lines().toList();
    } catch (UncheckedIOException e) {
      lines = List.of("(" + e.getMessage() + ": " + e.getCause() + ")");
    }
    String newLine = System.lineSeparator();
    return "The last lines of "
        + log
        + (process.isAlive() ? ":" : ", which has ended:")
        + newLine
        + "  "
        + String.join(
            newLine + "  ", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
  }

  /** Returns a failure of this process, with the end of its output. */
  public ClusterException failure(String what) {
    return new ClusterException("the process " + name + " " + what, lastLines());
  }

  /**
   * Waits until it says that it is ready.
   *
   * @param directory its data directory
   * @param file the name of its file below {@code run/}
   * @return its addresses by what listens there
   * @throws ClusterException if it ends before, or takes longer than two minutes
   */
  public Map<String, String> awaitReady(Path directory, String file) throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (true) {
      Optional<ProcessFile.Content> content =
          ProcessFile.read(directory, file).filter(said -> said.pid() == process.pid());
      if (content.isPresent()) {
        return content.get().addresses();
      }
      if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        throw failure("ended with exit code " + process.exitValue() + " before it was ready");
      }
      if (System.nanoTime() - deadline > 0) {
        throw failure("was not ready within " + LONGEST_WAIT.toSeconds() + " s");
      }
    }
  }

  /**
   * Waits for its own end and returns its exit code.
   *
   * @throws ClusterException if it takes longer; it is killed then
   */
  public int awaitEnd(Duration longest) throws InterruptedException {
    mayEnd = true;
    if (!process.waitFor(longest)) {
      ClusterException failure = failure("did not end within " + longest.toSeconds() + " s");
      kill();
      throw failure;
    }
    return process.exitValue();
  }

  /** The same within two minutes. */
  public int awaitEnd() throws InterruptedException {
    return awaitEnd(LONGEST_WAIT);
  }

  /** Calls back when the process has ended, for whatever reason. */
  public void whenEnded(Runnable action) {
    var _ = process.onExit().thenRun(action);
  }

  /** Asks it to stop, by SIGTERM; {@link #close} waits for it. */
  public void stop() {
    mayEnd = true;
    if (hangs) {
      resume(); // else it would hear of nothing
    }
    process.destroy();
  }

  /** Kills it by SIGKILL, and waits until it is gone. */
  public void kill() {
    mayEnd = true;
    process.destroyForcibly().onExit().join();
  }

  /** Holds it up by SIGSTOP: it keeps its connections, files and locks and does nothing. */
  public void hang() {
    signal("STOP");
    hangs = true;
  }

  /** Lets it go on after {@link #hang}, by SIGCONT. */
  public void resume() {
    signal("CONT");
    hangs = false;
  }

  private void signal(String signal) {
    String command = "kill -" + signal + " " + process.pid();
    try {
      Process kill = new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
      String said = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (kill.waitFor() != 0 && process.isAlive()) {
        throw new IOException(said.strip());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot send SIG" + signal + " to " + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops it and waits until it is gone; kills it if that takes longer than it should. */
  @Override
  public void close() {
    try {
      stop();
      if (!process.waitFor(LONGEST_STOP)) {
        kill();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
