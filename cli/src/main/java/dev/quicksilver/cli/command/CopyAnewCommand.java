package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.storage.DatabaseDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Has a replica copy a database from its upstreams, whatever is wrong with what it has. */
@Command(
    name = "copy-anew",
    description =
        "Has a replica copy a database anew from its upstreams: the way out after it diverged or"
            + " was refused as a fork. What it has stays until the copy is verified.")
public final class CopyAnewCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Option(
      names = "--node",
      paramLabel = "HOST:PORT",
      description =
          "The replica's http.listen address. Default: the replica of the data directory; if it"
              + " does not run, it copies when it is started.")
  private @Nullable String node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  CopyAnewCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (node != null) {
      out.print(tell(node));
    } else {
      Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
      Path data = configuration.get(Settings.DATA_DIRECTORY);
      Optional<ProcessFile.Content> running = ProcessFile.read(data, NodeParts.PROCESS_NAME);
      out.print(
          running.isPresent()
              ? tell(running.get().addresses().getOrDefault("http", ""))
              : prepare(configuration, data));
    }
    out.flush();
    return ExitCode.OK;
  }

  private String tell(String address) {
    return new NodeClient(address).post(CopyRequests.PATH, Map.of("database", database));
  }

  private String prepare(Configuration configuration, Path data) throws IOException {
    DatabaseDirectory directory = LocalDatabase.directory(configuration, database);
    try (ProcessFile _ = ProcessFile.claim(data, NodeParts.PROCESS_NAME)) {
      directory.abandonCopy(database);
      directory.copyGeneration(database);
    } catch (CommandException e) {
      throw new CommandException(
          e.exitCode(), e.getMessage() + "; if it is just starting, ask again");
    }
    return "no replica runs on " + data + ": it copies " + database + " when it is started\n";
  }
}
