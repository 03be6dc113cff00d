package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Redis on a free port of this machine, and its benchmark; both are Debian's. */
final class EdgeRedis implements AutoCloseable {
  private final Process process;
  private final int port;

  private EdgeRedis(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Installs Redis if it is not there. */
  static void require() throws IOException, InterruptedException {
    SystemPackages.attempt(
        () -> SystemPackages.run(List.of("redis-benchmark", "--version")), "redis-server");
    SystemPackages.attempt(
        () -> SystemPackages.run(List.of("redis-server", "--version")), "redis-server");
  }

  /**
   * Starts one.
   *
   * @param folder its own
   * @param durable whether each write waits for the disk; nothing is stored otherwise
   * @param environment variables besides ours
   */
  static EdgeRedis start(Path folder, boolean durable, Map<String, String> environment)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    int port = freePort();
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder.toString(),
                "--save",
                "",
                "--auto-aof-rewrite-percentage",
                "0",
                "--appendonly",
                durable ? "yes" : "no",
                "--appendfsync",
                "always"));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("redis.log").toFile());
    builder.environment().putAll(environment);
    var redis = new EdgeRedis(builder.start(), port);
    try {
      redis.awaitReady();
    } catch (IOException | InterruptedException e) {
      redis.close();
      throw e;
    }
    return redis;
  }

  private void awaitReady() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw new IOException("redis-server did not start", e);
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  /** What redis-benchmark measured. */
  record Measured(double perSecond, double p999Millis) {}

  /** Runs redis-benchmark's GET over random keys {@code key:000000000000} and so on. */
  static Measured get(int port, long requests, int keys, int clients, int pipeline)
      throws IOException, InterruptedException {
    String said =
        SystemPackages.run(
            List.of(
                "redis-benchmark",
                "-p",
                Integer.toString(port),
                "-t",
                "get",
                "-n",
                Long.toString(requests),
                "-r",
                Integer.toString(keys),
                "-c",
                Integer.toString(clients),
                "-P",
                Integer.toString(pipeline)));
    double perSecond = 0;
    double p999 = 0;
    for (String line : said.split("[\r\n]+", -1)) {
      String[] words = line.strip().split("\\s+", -1);
      if (line.contains("throughput summary:")) {
        perSecond = Double.parseDouble(words[2]);
      } else if (line.contains("% <= ") && p999 == 0) {
        double percent = Double.parseDouble(words[0].replace("%", ""));
        if (percent >= 99.9) {
          p999 = Double.parseDouble(words[2]);
        }
      }
    }
    if (perSecond == 0 || p999 == 0) {
      throw new IOException("redis-benchmark said something else: " + said);
    }
    return new Measured(perSecond, p999);
  }
}
