package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.migrations.Migrations;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Brings the schema of the central PostgreSQL to this version; root does it at its start too. */
@Command(
    name = "migrate",
    description = "Installs or updates the schema quicksilver in the central PostgreSQL.")
public final class MigrateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  MigrateCommand() {}

  @Override
  public Integer call() {
    Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
    try (Lifecycle lifecycle = new Lifecycle()) {
      PostgresConnection postgres = PostgresConnection.open(configuration, lifecycle);
      Migrations.Result result =
          Migrations.migrate(postgres.url(), postgres.user(), postgres.password());
      PrintWriter out = spec.commandLine().getOut();
      out.println(
          result.applied() == 0
              ? "The schema quicksilver is up to date."
              : result.applied() + " migrations applied to the schema quicksilver.");
      out.flush();
    }
    return ExitCode.OK;
  }
}
