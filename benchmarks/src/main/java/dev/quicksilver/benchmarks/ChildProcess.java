package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A real {@code quicksilver} process in a JVM of its own, with this JVM's class path. */
final class ChildProcess implements AutoCloseable {
  /** What a process's heap may take. */
  static final int HEAP_MIB = 192;

  private static final Path SET_SESSION = Path.of("/usr/bin/setsid");

  private final Process process;
  private final Path output;

  private ChildProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts {@code quicksilver} with these arguments; both outputs go to the end of a file. */
  static ChildProcess start(Path output, List<String> arguments) throws IOException {
    return start(output, List.of(), arguments);
  }

  /**
   * The same for what is timed: with all of the compiler, as {@code ./quicksilver} starts it, and
   * as a session of its own where that is possible, as services and PostgreSQL are: on a busy
   * machine Linux shares time out among sessions.
   */
  static ChildProcess startService(Path output, List<String> arguments) throws IOException {
    return startService(output, HEAP_MIB, arguments);
  }

  /** The same with a heap of so many MiB. */
  static ChildProcess startService(Path output, int heapMib, List<String> arguments)
      throws IOException {
    return start(output, List.of("-Xmx" + heapMib + "m", "-XX:TieredStopAtLevel=4"), arguments);
  }

  /** The same command as a session of its own, where that is possible. */
  static List<String> asService(List<String> command) {
    List<String> all = new ArrayList<>(command);
    if (Files.isExecutable(SET_SESSION)) {
      all.addFirst(SET_SESSION.toString());
    }
    return all;
  }

  private static ChildProcess start(Path output, List<String> options, List<String> arguments)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("-Xmx" + HEAP_MIB + "m"));
    all.addAll(options);
    List<String> command = JavaCommand.of(Quicksilver.class, all, arguments);
    if (!options.isEmpty()) {
      command = asService(command);
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("QUICKSILVER_"));
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    return new ChildProcess(process, output);
  }

  /** Starts a root in a folder below this one, and waits until it is ready. */
  static ChildProcess root(Path folder, EmbeddedPostgres postgres, int replicationPort)
      throws Exception {
    return root(folder, postgres.jdbcUrl(), postgres, replicationPort);
  }

  /** The same with a URL of its own, which may name several hosts. */
  static ChildProcess root(Path folder, String url, EmbeddedPostgres postgres, int replicationPort)
      throws Exception {
    return ready(
        folder,
        "root",
        "--replication-listen=127.0.0.1:" + replicationPort,
        "--postgres-url=" + url,
        "--postgres-user=" + postgres.user(),
        "--postgres-password=" + postgres.password());
  }

  /** Starts a replica in a folder below this one, and waits until it is ready. */
  static ChildProcess replica(Path folder, int upstreamPort) throws Exception {
    return ready(
        folder,
        "replica",
        "--replication-listen=127.0.0.1:0",
        "--replication-upstreams=127.0.0.1:" + upstreamPort);
  }

  private static ChildProcess ready(Path folder, String role, String... more) throws Exception {
    int http = Ports.free();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                role,
                "--node-name=" + role,
                "--data-directory=" + folder.resolve(role),
                "--http-listen=127.0.0.1:" + http));
    arguments.addAll(List.of(more));
    ChildProcess child = start(folder.resolve(role + ".log"), arguments);
    try {
      child.awaitHealthy(http);
    } catch (Exception | AssertionError e) {
      child.close();
      throw e;
    }
    return child;
  }

  /** Kills it as {@code kill -9} does, and waits until it is gone. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits up to a minute for its own end. */
  int exitCode() throws InterruptedException {
    return exitCode(Duration.ofMinutes(1));
  }

  /** Waits so long at most for its own end. */
  int exitCode(Duration longest) throws InterruptedException {
    if (!process.waitFor(longest)) {
      kill();
      throw new AssertionError("it did not end within " + longest.toSeconds() + " s: " + output());
    }
    return process.exitValue();
  }

  /** Returns all that it has printed. */
  String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      return "";
    }
  }

  /** Waits until its health page says that it is ready. */
  void awaitHealthy(int httpPort) throws Exception {
    URI health = URI.create("http://127.0.0.1:" + httpPort + "/healthz");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      if (!process.isAlive()) {
        throw new AssertionError("it ended at start: " + output());
      }
      try {
        HttpURLConnection connection = (HttpURLConnection) health.toURL().openConnection();
        if (connection.getResponseCode() == 200) {
          return;
        }
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    throw new AssertionError("it was not ready within a minute: " + output());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      process.onExit().get(5, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      kill();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
