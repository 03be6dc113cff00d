package dev.quicksilver.cli.cluster;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How a JVM of ours is started: with this JVM's program, class path and flags, but for those that
 * are said here. Immutable.
 *
 * @param heapMib what its heap may take, in MiB
 * @param isService whether it runs with the whole compiler, and as a session of its own where the
 *     system has {@code setsid}
 * @param jvm further options of the JVM, which come last
 * @param environment variables, beside those of this process that are not Quicksilver's
 */
public record ProcessOptions(
    int heapMib, boolean isService, List<String> jvm, Map<String, String> environment) {
  /** The main class by its name, since it stands above this package, as in every launcher. */
  private static final String PROGRAM = "dev.quicksilver.cli.Quicksilver";

  private static final Path SET_SESSION = Path.of("/usr/bin/setsid");

  /** The process that is started has its own heap, compiler and, if any, debugger. */
  private static final List<String> NOT_HANDED_ON =
      List.of(
          "-Xm",
          "-XX:TieredStopAtLevel",
          "-XX:StartFlightRecording",
          "-agentlib:",
          "-agentpath:",
          "-javaagent:");

  /** A JVM says so when it has picked them up; what they hold is among this JVM's flags. */
  private static final Set<String> VARIABLES_OF_THE_JVM =
      Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

  /** Copies what it is given. */
  public ProcessOptions {
    jvm = List.copyOf(jvm);
    environment = Map.copyOf(environment);
  }

  /**
   * Returns options for a process that is one of many and runs for a minute: the second compiler
   * would cost it more than it brings.
   */
  public static ProcessOptions heap(int mib) {
    return new ProcessOptions(mib, false, List.of(), Map.of());
  }

  /**
   * Returns the same for what is timed: with the whole compiler, as {@code ./quicksilver} starts
   * it, and as a session of its own, as services and PostgreSQL are: on a busy machine Linux shares
   * time out among sessions.
   */
  public ProcessOptions asService() {
    return new ProcessOptions(heapMib, true, jvm, environment);
  }

  /** Returns the same with further options of the JVM. */
  public ProcessOptions withJvm(List<String> options) {
    List<String> all = new ArrayList<>(jvm);
    all.addAll(options);
    return new ProcessOptions(heapMib, isService, all, environment);
  }

  /** Returns the same with further variables. */
  public ProcessOptions withEnvironment(Map<String, String> variables) {
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(variables);
    return new ProcessOptions(heapMib, isService, jvm, all);
  }

  /** Returns a command that runs as a session of its own where the system has {@code setsid}. */
  public static List<String> asSession(List<String> command) {
    List<String> all = new ArrayList<>(command);
    if (Files.isExecutable(SET_SESSION)) {
      all.addFirst(SET_SESSION.toString());
    }
    return all;
  }

  /** Returns what starts {@code quicksilver} with these arguments. */
  ProcessBuilder builder(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (NOT_HANDED_ON.stream().noneMatch(flag::startsWith)) {
        command.add(flag);
      }
    }
    command.add("-Xmx" + heapMib + "m");
    command.add("-XX:TieredStopAtLevel=" + (isService ? 4 : 1));
    // A bridge tells the client whose statement is too large, as with ./quicksilver.
    boolean survives = arguments.getFirst().equals("bridge");
    command.add("-XX:" + (survives ? "-" : "+") + "ExitOnOutOfMemoryError");
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), PROGRAM));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(isService ? asSession(command) : command);
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("QUICKSILVER_") || VARIABLES_OF_THE_JVM.contains(name));
    builder.environment().putAll(environment);
    return builder;
  }
}
