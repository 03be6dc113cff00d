package dev.quicksilver.cli.command;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the versions of Quicksilver and of the Java that runs it. */
@Command(name = "version", description = "Prints the version.")
public final class VersionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  VersionCommand() {}

  @Override
  public Integer call() {
    spec.commandLine()
        .getOut()
        .println("quicksilver " + version() + " (Java " + Runtime.version() + ")");
    spec.commandLine().getOut().flush();
    return 0;
  }

  /** Returns the version of the build, "development" when not run from a jar. */
  public static String version() {
    return Optional.ofNullable(VersionCommand.class.getPackage().getImplementationVersion())
        .orElse("development");
  }
}
