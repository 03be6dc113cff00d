package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Debian whose systemd runs, as process 1 of a container with a network of its own
 * (systemd-nspawn). Needs root.
 */
final class BootedDebian implements AutoCloseable {
  private static final int BOOT_SECONDS = 60;

  private final Process container;
  private final long leader;

  private BootedDebian(Process container, long leader) {
    this.container = container;
    this.leader = leader;
  }

  /**
   * Boots one.
   *
   * @param debian has systemd; nothing else may use it meanwhile
   * @param log takes what it says
   */
  static BootedDebian boot(DebianRoot debian, Path log) throws IOException, InterruptedException {
    SystemPackages.attempt(
        () -> SystemPackages.run(List.of("systemd-nspawn", "--version")), "systemd-container");
    Process container =
        new ProcessBuilder(
                "systemd-nspawn",
                "--quiet",
                "--directory=" + debian.at(""),
                "--machine=quicksilver-" + ProcessHandle.current().pid(),
                "--boot",
                "--register=no",
                "--keep-unit",
                "--console=pipe",
                "--private-network")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    container.getOutputStream().close();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
    while (System.nanoTime() - end < 0 && container.isAlive()) {
      var leader = container.children().findFirst();
      if (leader.isPresent()) {
        var booted = new BootedDebian(container, leader.get().pid());
        if (booted.ask("systemctl is-system-running").strip().matches("running|degraded")) {
          return booted;
        }
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    container.destroyForcibly();
    List<String> said = Files.readAllLines(log);
    throw new IOException(
        "no systemd can be booted here: "
            + String.join("\n", said.subList(Math.max(0, said.size() - 10), said.size())));
  }

  /** Runs a command of a shell as root; returns what it printed. */
  String run(String command) throws IOException, InterruptedException {
    Process process = start(command);
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command + " failed: " + output);
    }
    return output;
  }

  /** The same, of which it does not matter how it ends. */
  String ask(String command) throws IOException {
    return new String(start(command).getInputStream().readAllBytes(), UTF_8);
  }

  private Process start(String command) throws IOException {
    List<String> words = new ArrayList<>(List.of("nsenter", "--target", Long.toString(leader)));
    words.addAll(List.of("--mount", "--uts", "--ipc", "--pid", "--net", "--root", "--wd"));
    words.addAll(List.of("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"));
    words.addAll(List.of("LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    return process;
  }

  /** Has it stop as at a shutdown. */
  @Override
  public void close() throws IOException {
    ask("systemctl poweroff");
    try {
      if (!container.waitFor(BOOT_SECONDS, TimeUnit.SECONDS)) {
        container.descendants().forEach(ProcessHandle::destroyForcibly);
        container.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
