package dev.quicksilver.cli.doctor;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Memory: what the machine or the container has, against what the process may take. */
final class MemoryCheck implements Check {
  private static final String NAME = "memory";
  private static final long MIB = 1 << 20;

  /** The JVM itself, its threads and buffers. */
  private static final long BESIDE_HEAP = 128;

  private static final Pattern GROUP = Pattern.compile("^0::(/.*)$", Pattern.MULTILINE);

  /**
   * What there is, in MiB.
   *
   * @param total of the machine, or the limit of the container if that is less
   * @param available without taking it from others
   */
  record Memory(long total, long available) {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Finding> run(Context context) throws IOException {
    Path proc = context.system().resolve("proc");
    Path file = proc.resolve("meminfo");
    if (!Files.isReadable(file)) {
      return List.of(); // not Linux
    }
    String text = Files.readString(file);
    OptionalLong total = kilobytes(text, "MemTotal");
    OptionalLong available = kilobytes(text, "MemAvailable");
    if (total.isEmpty() || available.isEmpty()) {
      return List.of();
    }
    long limit = groupLimit(context.system(), proc.resolve("self/cgroup"));
    var memory =
        new Memory(
            Math.min(total.getAsLong() / 1024, limit),
            Math.min(available.getAsLong() / 1024, limit));
    return judge(memory, context.role(), context.configuration(), context.running().isPresent());
  }

  /** Judges what there is; a running node has taken its part already. */
  static List<Finding> judge(
      Memory memory, Role role, Configuration configuration, boolean running) {
    List<Finding> findings = new ArrayList<>();
    long needed = BESIDE_HEAP + (role == Role.SERVE ? 512 : 256);
    String there = memory.total() + " MiB of memory, of which " + memory.available() + " are free";
    String cure =
        "give the machine or the container more memory, or a smaller heap:"
            + " QUICKSILVER_JAVA_OPTS=-Xmx"
            + Math.max(64, memory.total() / 4)
            + "m";
    if (memory.total() < needed) {
      findings.add(
          Finding.error(NAME, there + "; " + role.command() + " may take " + needed, cure));
    } else if (!running && memory.available() < needed) {
      findings.add(
          Finding.warning(
              NAME,
              there + "; " + role.command() + " may take " + needed,
              "end what else takes memory, or " + cure));
    }
    if (role == Role.BRIDGE
        && configuration.get(Settings.BRIDGE_EVALUATOR_START) != EvaluatorConfig.Start.NONE) {
      long sessions =
          (long) configuration.get(Settings.BRIDGE_EVALUATOR_MEMORY)
              * configuration.get(Settings.BRIDGE_EVALUATOR_STATEMENTS);
      if (needed + sessions > memory.total()) {
        findings.add(
            Finding.warning(
                NAME,
                there + "; statements that are evaluated at a time may take " + sessions,
                "set bridge.evaluator.statements or bridge.evaluator.memory to less"));
      }
    }
    if (findings.isEmpty()) {
      findings.add(Finding.ok(NAME, there));
    }
    return findings;
  }

  /** Returns a line of {@code /proc/meminfo}, in KiB. */
  static OptionalLong kilobytes(String text, String name) {
    Matcher line = Pattern.compile("(?m)^" + name + ": *(\\d{1,15}) kB$").matcher(text);
    return line.find() ? OptionalLong.of(Long.parseLong(line.group(1))) : OptionalLong.empty();
  }

  /** Returns the smallest limit of this process's control groups (version 2), in MiB. */
  private static long groupLimit(Path system, Path membership) throws IOException {
    if (!Files.isReadable(membership)) {
      return Long.MAX_VALUE;
    }
    Matcher group = GROUP.matcher(Files.readString(membership));
    Path top = system.resolve("sys/fs/cgroup");
    Path at = group.find() ? top.resolve(group.group(1).substring(1)).normalize() : top;
    long least = Long.MAX_VALUE;
    for (; at != null && at.startsWith(top); at = at.getParent()) {
      Path file = at.resolve("memory.max");
      if (Files.isReadable(file)) {
        String text = Files.readString(file).strip();
        if (text.matches("\\d{1,18}")) {
          least = Math.min(least, Long.parseLong(text) / MIB);
        }
      }
    }
    return least;
  }
}
