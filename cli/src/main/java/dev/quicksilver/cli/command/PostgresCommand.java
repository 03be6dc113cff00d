package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** Runs the embedded PostgreSQL in a process of its own, so that it outlives a root. */
@Command(
    name = "postgres",
    description = "Runs the embedded PostgreSQL on its own (root can also start it itself).")
public final class PostgresCommand extends NodeCommand {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresCommand.class);

  /** The name of its file below {@code run/}. */
  public static final String PROCESS_NAME = "postgres";

  PostgresCommand() {
    super(Role.ROOT);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration, Reload reload) {
    Path directory = configuration.get(Settings.DATA_DIRECTORY);
    ProcessFile file = lifecycle.own("process file", ProcessFile.claim(directory, PROCESS_NAME));
    EmbeddedPostgres postgres =
        lifecycle.own("PostgreSQL", PostgresConnection.embedded(configuration));
    file.publish(
        new ProcessFile.Content(
            PROCESS_NAME,
            ProcessHandle.current().pid(),
            Map.of(
                "postgres",
                "127.0.0.1:" + postgres.port(),
                "url",
                postgres.jdbcUrl(),
                "user",
                postgres.user(),
                "password",
                postgres.password())));
    LOG.info(
        "PostgreSQL is ready on 127.0.0.1:{}, its superuser is {}, whose password is in {}",
        postgres.port(),
        postgres.user(),
        postgres.directory().resolve("password"));
  }
}
