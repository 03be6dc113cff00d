package dev.quicksilver.cli;

import dev.quicksilver.cli.command.PlainStart;
import dev.quicksilver.cli.config.Settings.LogFormat;
import dev.quicksilver.cli.config.Settings.LogLevel;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Logs;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;
import java.util.TimeZone;
import picocli.CommandLine;

/** The {@code quicksilver} command. */
public final class Quicksilver {
  private Quicksilver() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // What a machine reads has ASCII digits and UTC wherever this runs. The driver also tells
    // PostgreSQL the time zone, which need not know one that Java knows.
    Locale.setDefault(Locale.ROOT);
    TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
    System.exit(run(arguments));
  }

  /** Runs a command and returns one of {@link ExitCode}. */
  public static int run(String... arguments) {
    Logs.configure(LogLevel.WARN, LogFormat.TEXT);
    Optional<PlainStart> plain = PlainStart.of(arguments);
    return plain.isPresent()
        ? plain.get().run()
        : Commands.commandLineFor(arguments).execute(arguments);
  }

  /** Returns all commands with all their flags. */
  public static CommandLine commandLine() {
    return Commands.commandLine();
  }
}
