package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.process.Lifecycle;
import picocli.CommandLine.Command;

/** Serves a replica's databases to {@code postgres_fdw}. */
@Command(
    name = "bridge",
    description = "Serves the databases of a replica's data directory to postgres_fdw.")
public final class BridgeCommand extends NodeCommand {
  /** The name of its file below {@code run/}. */
  public static final String PROCESS_NAME = "bridge";

  BridgeCommand() {
    super(Role.BRIDGE);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration) {}
}
