package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Roots, replicas and bridges in processes of their own, for tests; gone after closing. */
final class NodeProcesses implements AutoCloseable {
  private final Path folder;
  private final Map<String, Process> processes = new LinkedHashMap<>();
  private Map<String, String> environment = Map.of();
  private List<String> options = List.of();

  /** Takes the folder that data directories and outputs go to. */
  NodeProcesses(Path folder) {
    this.folder = folder;
  }

  /** Has the processes started from now on run with variables and options of the JVM. */
  NodeProcesses with(Map<String, String> variables, List<String> jvmOptions) {
    environment = variables;
    options = jvmOptions;
    return this;
  }

  /**
   * Starts a root or a replica with its data in a folder of its name, and waits for it. That is the
   * node's name, too, unless it is given another one.
   */
  void start(String name, String role, String... more) throws Exception {
    start(name, role, folder.resolve(name), "node", "--replication-listen=127.0.0.1:0", more);
  }

  /** The same on a certain address, as after a restart. */
  void startListening(String name, String role, String listen, String... more) throws Exception {
    start(name, role, folder.resolve(name), "node", "--replication-listen=" + listen, more);
  }

  /** What a command that has ended has said. */
  record Ended(int exitCode, String output) {}

  /** Runs a command to its end. */
  Ended run(String... words) throws Exception {
    Process process =
        JavaCommand.process(Quicksilver.class, List.of("-Xmx64m"), List.of(words))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  boolean isAlive(String name) {
    return processes.get(name).isAlive();
  }

  /** Starts a bridge on the data of a node, and waits for it. */
  void startBridge(String name, String node) throws Exception {
    start(name, "bridge", folder.resolve(node), "bridge", "--bridge-listen=127.0.0.1:0");
  }

  private void start(
      String name, String role, Path data, String file, String listen, String... more)
      throws Exception {
    List<String> words = new ArrayList<>(List.of(role));
    words.addAll(List.of(more));
    words.addAll(
        List.of(
            listen,
            "--http-listen=127.0.0.1:0",
            "--data-map-size=1024",
            "--data-directory=" + data));
    if (words.stream().noneMatch(word -> word.startsWith("--node-name="))) {
      words.add("--node-name=" + name);
    }
    Path errors = errors(name);
    List<String> all = new ArrayList<>(List.of("-Xmx128m"));
    all.addAll(options);
    ProcessBuilder builder = JavaCommand.process(Quicksilver.class, all, List.copyOf(words));
    builder.environment().putAll(environment);
    Process process =
        builder
            .redirectOutput(folder.resolve(name + "-output").toFile())
            .redirectError(errors.toFile())
            .start();
    processes.put(name, process);
    Await.until(
        name + " has said where it listens",
        () -> {
          assertThat(process.isAlive()).as(Files.readString(errors)).isTrue();
          return ProcessFile.read(data, file);
        },
        said -> said.filter(content -> content.pid() == process.pid()).isPresent());
  }

  /** Returns an address ("replication", "http", "bridge") of a node, or of the bridge beside it. */
  String address(String node, String what) {
    return ProcessFile.read(folder.resolve(node), what.equals("bridge") ? "bridge" : "node")
        .orElseThrow()
        .addresses()
        .get(what);
  }

  /** Returns the file with the log of a process. */
  Path errors(String name) {
    return folder.resolve(name + "-errors");
  }

  /** Returns the HTTP address of the bridge beside a node. */
  String bridgeHttp(String node) {
    return ProcessFile.read(folder.resolve(node), "bridge").orElseThrow().addresses().get("http");
  }

  /** Sends a signal to a node: {@code STOP} holds it up, {@code CONT} lets it go on. */
  void signal(String name, String signal) throws Exception {
    long pid = processes.get(name).pid();
    var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** Kills a process as {@code kill -9} does. */
  void kill(String name) {
    processes.get(name).destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    processes.keySet().forEach(this::kill);
  }
}
