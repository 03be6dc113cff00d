package dev.quicksilver.cli;

import dev.quicksilver.cli.command.BridgeCommand;
import dev.quicksilver.cli.command.CertificatesCommand;
import dev.quicksilver.cli.command.CompactCommand;
import dev.quicksilver.cli.command.ConfigurationFlags;
import dev.quicksilver.cli.command.CopyAnewCommand;
import dev.quicksilver.cli.command.Failures;
import dev.quicksilver.cli.command.GetCommand;
import dev.quicksilver.cli.command.LogCommand;
import dev.quicksilver.cli.command.MigrateCommand;
import dev.quicksilver.cli.command.PostgresCommand;
import dev.quicksilver.cli.command.ReloadCommand;
import dev.quicksilver.cli.command.ReplicaCommand;
import dev.quicksilver.cli.command.RootCommand;
import dev.quicksilver.cli.command.ServeCommand;
import dev.quicksilver.cli.command.SnapshotCommand;
import dev.quicksilver.cli.command.StatusCommand;
import dev.quicksilver.cli.command.SwitchOverCommand;
import dev.quicksilver.cli.command.VerifyCommand;
import dev.quicksilver.cli.command.VersionCommand;
import dev.quicksilver.cli.config.Paths;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.demo.DemoCommand;
import dev.quicksilver.cli.doctor.DoctorCommand;
import dev.quicksilver.cli.load.CompareCommand;
import dev.quicksilver.cli.load.ExportCommand;
import dev.quicksilver.cli.load.LoadCommand;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.top.TopCommand;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * All commands, as picocli has them. Apart from {@link Quicksilver}, so that a start that does
 * without picocli loads none of it.
 */
@Command(
    name = "quicksilver",
    description =
        "Configuration written as SQL in PostgreSQL, read in microseconds on every edge machine.",
    synopsisSubcommandLabel = "COMMAND",
    usageHelpAutoWidth = true)
final class Commands {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Shows this help.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean help;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Shows the stack trace of a failure.")
  private boolean debug;

  /** All commands in the order of the help. */
  private static final Map<String, Class<?>> CLASSES = new LinkedHashMap<>();

  static {
    CLASSES.put("demo", DemoCommand.class);
    CLASSES.put("root", RootCommand.class);
    CLASSES.put("replica", ReplicaCommand.class);
    CLASSES.put("bridge", BridgeCommand.class);
    CLASSES.put("serve", ServeCommand.class);
    CLASSES.put("doctor", DoctorCommand.class);
    CLASSES.put("status", StatusCommand.class);
    CLASSES.put("top", TopCommand.class);
    CLASSES.put("log", LogCommand.class);
    CLASSES.put("get", GetCommand.class);
    CLASSES.put("snapshot", SnapshotCommand.class);
    CLASSES.put("verify", VerifyCommand.class);
    CLASSES.put("compact", CompactCommand.class);
    CLASSES.put("reload", ReloadCommand.class);
    CLASSES.put("copy-anew", CopyAnewCommand.class);
    CLASSES.put("switch-over", SwitchOverCommand.class);
    CLASSES.put("load", LoadCommand.class);
    CLASSES.put("export", ExportCommand.class);
    CLASSES.put("compare", CompareCommand.class);
    CLASSES.put("migrate", MigrateCommand.class);
    CLASSES.put("certificates", CertificatesCommand.class);
    CLASSES.put("postgres", PostgresCommand.class);
    CLASSES.put("version", VersionCommand.class);
  }

  private Commands() {}

  /** Returns all commands with all their flags. */
  static CommandLine commandLine() {
    return commandLine(CLASSES);
  }

  /**
   * Returns what is needed for a command line: the one command that it begins with, or all. Picocli
   * takes milliseconds to read each command's annotations.
   */
  static CommandLine commandLineFor(String... arguments) {
    Class<?> only = arguments.length == 0 ? null : CLASSES.get(arguments[0]);
    return commandLine(only == null ? CLASSES : Map.of(arguments[0], only));
  }

  private static CommandLine commandLine(Map<String, Class<?>> classes) {
    Commands root = new Commands();
    CommandLine commands = new CommandLine(root);
    classes.forEach((name, command) -> commands.addSubcommand(name, command));
    List<Setting<?>> data = List.of(Settings.DATA_DIRECTORY, Settings.DATA_MAP_SIZE);
    for (String name : classes.keySet()) {
      List<Setting<?>> settings =
          switch (name) {
            case "doctor" -> Settings.all();
            case "root", "postgres" -> Settings.of(Role.ROOT);
            case "replica" -> Settings.of(Role.REPLICA);
            case "bridge" -> Settings.of(Role.BRIDGE);
            case "serve" -> Settings.of(Role.SERVE);
            case "load", "migrate" ->
                Settings.of(Role.ROOT).stream()
                    .filter(s -> s.key().startsWith("postgres."))
                    .toList();
            case "status",
                "top",
                "log",
                "get",
                "snapshot",
                "verify",
                "compact",
                "export",
                "compare",
                "copy-anew",
                "reload",
                "switch-over" ->
                data;
            default -> List.of();
          };
      if (!settings.isEmpty()) {
        ConfigurationFlags.add(
            Objects.requireNonNull(commands.getSubcommands().get(name)), settings);
      }
    }
    commands.registerConverter(Path.class, Commands::path);
    commands.setExitCodeExceptionMapper(thrown -> Failures.describe(thrown).exitCode());
    commands.setExecutionExceptionHandler(
        (thrown, command, parsed) -> Failures.tell(thrown, root.debug, command.getErr()));
    commands.setParameterExceptionHandler(Commands::explain);
    return commands;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(Paths.explain(e));
    }
  }

  private static int explain(ParameterException wrong, String[] arguments) {
    CommandLine command = wrong.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String hint = "";
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      List<String> near = unmatched.getSuggestions();
      hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    }
    String message = String.valueOf(wrong.getMessage()).replaceAll("\\s*\\R\\s*", " ");
    command.getErr().println("quicksilver: " + message + hint + " (" + name + " --help)");
    command.getErr().flush();
    return ExitCode.USAGE;
  }
}
