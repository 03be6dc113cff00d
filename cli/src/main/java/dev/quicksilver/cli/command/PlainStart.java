package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The start of a node by a command line of nothing but flags that are known, each said once. Such a
 * one is understood here, as picocli would: that takes the fifth of a second that picocli's classes
 * need, which are of a kind that the JVM's cache cannot hold. Every other command line is
 * picocli's: help, mistakes and what they should have been.
 *
 * @param role which node
 * @param flags what is said of settings
 * @param file the configuration file, if one is named
 * @param debug whether a failure shows its stack trace
 * @param stopWithStandardInput whether the process ends with its standard input
 */
public record PlainStart(
    Role role,
    Map<Setting<?>, String> flags,
    Optional<Path> file,
    boolean debug,
    boolean stopWithStandardInput) {
  private static final String DEBUG = "--debug";

  /** Understands a command line; empty if it is left to picocli. */
  public static Optional<PlainStart> of(String... arguments) {
    for (Role role : Role.values()) {
      if (arguments.length > 0 && arguments[0].equals(role.command())) {
        return of(role, List.of(arguments).subList(1, arguments.length));
      }
    }
    return Optional.empty();
  }

  private static Optional<PlainStart> of(Role role, List<String> arguments) {
    Map<String, Setting<?>> settings = new HashMap<>();
    for (Setting<?> setting : Settings.of(role)) {
      settings.put(setting.flag(), setting);
    }
    Map<Setting<?>, String> flags = new HashMap<>();
    Map<String, String> others = new HashMap<>();
    for (Iterator<String> next = arguments.iterator(); next.hasNext(); ) {
      String argument = next.next();
      int equals = argument.indexOf('=');
      String name = equals < 0 ? argument : argument.substring(0, equals);
      Setting<?> setting = settings.get(name);
      boolean isFile = name.equals(ConfigurationFlags.FILE_FLAG);
      String value = "";
      if (setting != null || isFile) {
        value = equals < 0 && next.hasNext() ? next.next() : argument.substring(equals + 1);
        if (value.isEmpty() || value.startsWith("-") || value.startsWith("@")) {
          return Optional.empty();
        }
      } else if (!argument.equals(DEBUG) && !argument.equals(NodeCommand.STOP_WITH_STDIN)) {
        return Optional.empty();
      }
      String before = setting == null ? others.put(name, value) : flags.put(setting, value);
      if (before != null) {
        return Optional.empty();
      }
    }
    try {
      return Optional.of(
          new PlainStart(
              role,
              Map.copyOf(flags),
              Optional.ofNullable(others.get(ConfigurationFlags.FILE_FLAG)).map(Path::of),
              others.containsKey(DEBUG),
              others.containsKey(NodeCommand.STOP_WITH_STDIN)));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Runs the node until a signal or a failure ends it; returns the exit code of a failure. */
  public int run() {
    try {
      return command()
          .run(() -> ConfigurationFlags.load(flags, file, System.getenv()), stopWithStandardInput);
    } catch (Exception e) {
      return Failures.tell(e, debug, new PrintWriter(System.err, true, System.err.charset()));
    }
  }

  private NodeCommand command() {
    return switch (role) {
      case ROOT -> new RootCommand();
      case REPLICA -> new ReplicaCommand();
      case BRIDGE -> new BridgeCommand();
      case SERVE -> new ServeCommand();
    };
  }
}
