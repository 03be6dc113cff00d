package dev.quicksilver.benchmarks.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs {@code ./quicksilver} as an operator does. */
public final class Doctor {
  private static final int LONGEST_SECONDS = 120;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path launcher;
  private final Path folder;
  private boolean isBuilt;
  private int calls;

  /**
   * Makes one.
   *
   * @param home the checkout
   * @param folder for what is printed
   */
  public Doctor(Path home, Path folder) {
    this.launcher = home.resolve("quicksilver");
    this.folder = folder;
  }

  /** Examines a set-up. */
  Examined examine(Call call) throws IOException, InterruptedException {
    Path out = folder.resolve("doctor-" + ++calls + ".json");
    Process process = start(call, List.of("doctor", call.role(), "--json"), out);
    int exitCode = awaitEnd(process, out);
    try {
      return new Examined(exitCode, JSON.readValue(Files.readString(out), Examined.Report.class));
    } catch (JsonProcessingException e) {
      throw new IOException(
          "doctor printed no report, exit code " + exitCode + ": " + said(out), e);
    }
  }

  /** Runs a command of ours to its end, which has to be a good one. */
  void run(String... words) throws IOException, InterruptedException {
    runWith(Call.of(""), words);
  }

  /** The same with what a call has in the environment. */
  void runWith(Call call, String... words) throws IOException, InterruptedException {
    Path out = folder.resolve("command-" + ++calls + ".log");
    Call bare = new Call("", Map.of(), call.secrets(), List.of(), List.of());
    int exitCode = awaitEnd(start(bare, List.of(words), out), out);
    if (exitCode != 0) {
      throw new IOException(words[0] + " ended with " + exitCode + ": " + said(out));
    }
    isBuilt = true;
  }

  /** Starts the node that a call is of. */
  Process node(Call call, Path log) throws IOException {
    return start(call, List.of(call.role()), log);
  }

  private Process start(Call call, List<String> words, Path out) throws IOException {
    List<String> lines = new ArrayList<>(List.of("set -e"));
    lines.addAll(call.prelude());
    lines.add("exec \"$0\" \"$@\"");
    List<String> command = new ArrayList<>(call.prefix());
    if (!call.prelude().isEmpty()) {
      command.addAll(List.of("unshare", "--mount", "bash", "-c", String.join("\n", lines)));
    }
    command.add(launcher.toString());
    command.addAll(words);
    command.addAll(call.flags());
    ProcessBuilder builder = new ProcessBuilder(command);
    var environment = builder.environment();
    environment
        .keySet()
        .removeIf(
            name -> name.startsWith("QUICKSILVER_") && !name.equals("QUICKSILVER_MAVEN_OPTS"));
    environment.put("QUICKSILVER_JAVA_HOME", System.getProperty("java.home"));
    if (isBuilt) {
      environment.put("QUICKSILVER_SKIP_BUILD", "true");
    }
    environment.putAll(call.secrets());
    return builder
        .redirectOutput(out.toFile())
        .redirectError(errors(out).toFile())
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .start();
  }

  private static Path errors(Path out) {
    return out.resolveSibling(out.getFileName() + ".err");
  }

  private static String said(Path out) throws IOException {
    return Files.readString(out) + Files.readString(errors(out));
  }

  private static int awaitEnd(Process process, Path out) throws IOException, InterruptedException {
    if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      throw new IOException("no end within " + LONGEST_SECONDS + " s: " + said(out));
    }
    return process.exitValue();
  }
}
