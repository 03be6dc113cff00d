package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Has a replica copy a database from its upstreams, whatever is wrong with what it has. */
@Command(
    name = "copy-anew",
    description =
        "Has a replica copy a database anew from its upstreams: the way out after it diverged or"
            + " was refused as a fork. What it has stays until the copy is verified. A replica that"
            + " does not run copies when it is started.")
public final class CopyAnewCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Mixin private NodeFlags node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  CopyAnewCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Optional<NodeClient> named = node.named();
    if (named.isPresent()) {
      out.print(Text.escaped(tell(named.get())));
    } else {
      Configuration configuration = node.configuration();
      Path data = NodeFlags.dataDirectory(configuration);
      Optional<NodeClient> running =
          ProcessFile.read(data, NodeParts.PROCESS_NAME).flatMap(NodeClient::of);
      out.print(
          running.isPresent() ? Text.escaped(tell(running.get())) : prepare(configuration, data));
    }
    out.flush();
    return ExitCode.OK;
  }

  private String tell(NodeClient client) {
    return client.post(CopyRequests.PATH, Map.of("database", database));
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
