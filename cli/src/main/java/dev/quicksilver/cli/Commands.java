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
import dev.quicksilver.cli.load.CompareCommand;
import dev.quicksilver.cli.load.ExportCommand;
import dev.quicksilver.cli.load.LoadCommand;
import dev.quicksilver.cli.process.ExitCode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
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
    usageHelpAutoWidth = true,
    subcommands = {
      DemoCommand.class,
      RootCommand.class,
      ReplicaCommand.class,
      BridgeCommand.class,
      ServeCommand.class,
      StatusCommand.class,
      LogCommand.class,
      GetCommand.class,
      SnapshotCommand.class,
      VerifyCommand.class,
      CompactCommand.class,
      CopyAnewCommand.class,
      SwitchOverCommand.class,
      LoadCommand.class,
      ExportCommand.class,
      CompareCommand.class,
      MigrateCommand.class,
      CertificatesCommand.class,
      PostgresCommand.class,
      VersionCommand.class
    })
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

  private Commands() {}

  /** Returns all commands with all their flags. */
  static CommandLine commandLine() {
    Commands root = new Commands();
    CommandLine commands = new CommandLine(root);
    List<Setting<?>> data = List.of(Settings.DATA_DIRECTORY, Settings.DATA_MAP_SIZE);
    flags(commands, "root", Settings.of(Role.ROOT));
    flags(commands, "replica", Settings.of(Role.REPLICA));
    flags(commands, "bridge", Settings.of(Role.BRIDGE));
    flags(commands, "serve", Settings.of(Role.SERVE));
    flags(commands, "postgres", Settings.of(Role.ROOT));
    flags(commands, "status", data);
    flags(commands, "log", data);
    flags(commands, "get", data);
    flags(commands, "snapshot", data);
    flags(commands, "verify", data);
    flags(commands, "compact", data);
    flags(commands, "export", data);
    flags(commands, "compare", data);
    flags(commands, "copy-anew", data);
    flags(commands, "switch-over", data);
    List<Setting<?>> postgres =
        Settings.of(Role.ROOT).stream().filter(s -> s.key().startsWith("postgres.")).toList();
    flags(commands, "load", postgres);
    flags(commands, "migrate", postgres);
    commands.registerConverter(Path.class, Commands::path);
    commands.setExitCodeExceptionMapper(thrown -> Failures.describe(thrown).exitCode());
    commands.setExecutionExceptionHandler(
        (thrown, command, parsed) -> Failures.tell(thrown, root.debug, command.getErr()));
    commands.setParameterExceptionHandler(Commands::explain);
    return commands;
  }

  private static void flags(CommandLine commands, String name, List<Setting<?>> settings) {
    ConfigurationFlags.add(Objects.requireNonNull(commands.getSubcommands().get(name)), settings);
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
