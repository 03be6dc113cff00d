package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ProcessFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The limits of the kernel for the process: that of the node if it runs, else this one's. */
final class LimitsCheck implements Check {
  private static final String NAME = "limits";

  /** What the units ask for. */
  private static final long RECOMMENDED_FILES = 65_536;

  /** For jars, databases and followers. */
  private static final long LEAST_FILES = 1_024;

  private static final long LEAST_PROCESSES = 256;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Finding> run(Context context) throws IOException {
    Optional<Long> pid = context.running().map(ProcessFile.Content::pid);
    Path file =
        context.system().resolve("proc/" + pid.map(Object::toString).orElse("self") + "/limits");
    if (!Files.isReadable(file)) {
      return List.of(); // not Linux, or the node is another user's
    }
    String whose = pid.map(id -> "the node (process " + id + ")").orElse("a process of this user");
    return judge(
        ProcessLimits.parse(Files.readString(file)),
        context.role(),
        context.configuration(),
        whose);
  }

  /** Judges the limits; whose they are is for the message. */
  static List<Finding> judge(
      ProcessLimits limits, Role role, Configuration configuration, String whose) {
    List<Finding> findings = new ArrayList<>();
    // A JVM raises its limit of open files to the hard one.
    long files = limits.hard("Max open files");
    long needed = LEAST_FILES + connections(role, configuration);
    String openFiles = whose + " may have " + files + " files open";
    String more =
        "systemd: LimitNOFILE="
            + Math.max(needed, RECOMMENDED_FILES)
            + " in the unit; a container: --ulimit nofile="
            + Math.max(needed, RECOMMENDED_FILES)
            + "; else a hard nofile in /etc/security/limits.conf";
    if (files < needed) {
      findings.add(Finding.error(NAME, openFiles + ", and needs " + needed, more));
    } else if (files < RECOMMENDED_FILES) {
      findings.add(Finding.warning(NAME, openFiles + ", fewer than " + RECOMMENDED_FILES, more));
    }
    long map = configuration.get(Settings.DATA_MAP_SIZE) * (1L << 20);
    tooSmall(limits, "Max address space", map, whose, "LimitAS", "-v", findings);
    if (role == Role.ROOT || role == Role.REPLICA) {
      tooSmall(limits, "Max file size", map, whose, "LimitFSIZE", "-f", findings);
    }
    long processes = limits.soft("Max processes");
    if (processes < LEAST_PROCESSES) {
      findings.add(
          Finding.error(
              NAME,
              whose + " may have " + processes + " threads",
              "systemd: LimitNPROC=4096 and TasksMax=4096 in the unit; else ulimit -u 4096"));
    }
    if (findings.isEmpty()) {
      findings.add(
          Finding.ok(NAME, files == Long.MAX_VALUE ? "no limit of open files" : openFiles));
    }
    return findings;
  }

  private static int connections(Role role, Configuration configuration) {
    return switch (role) {
      case ROOT, REPLICA -> 0;
      case BRIDGE -> 2 * configuration.get(Settings.BRIDGE_MAX_CONNECTIONS);
      case SERVE -> configuration.get(Settings.RESP_MAX_CONNECTIONS);
    };
  }

  private static void tooSmall(
      ProcessLimits limits,
      String name,
      long map,
      String whose,
      String unit,
      String flag,
      List<Finding> findings) {
    long limit = limits.soft(name);
    if (limit < map) {
      findings.add(
          Finding.error(
              NAME,
              "\""
                  + name
                  + "\" of "
                  + whose
                  + " is "
                  + (limit >> 20)
                  + " MiB, and data.map-size is "
                  + (map >> 20),
              "systemd: "
                  + unit
                  + "=infinity; else ulimit "
                  + flag
                  + " unlimited; or set"
                  + " data.map-size to less"));
    }
  }
}
