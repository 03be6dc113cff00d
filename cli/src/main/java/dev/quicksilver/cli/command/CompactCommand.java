package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.copy.Compaction;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a database's file as small as its content. */
@Command(
    name = "compact",
    description =
        "Rewrites a database of a stopped node without the free space in its file, and verifies"
            + " the result before it is used.")
public final class CompactCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Option(names = "--json", description = "Print the sizes as JSON.")
  private boolean json;

  /** A node that runs has its databases open, but for the moments in which it opens one anew. */
  private static ProcessFile claim(Path data) {
    return ProcessFile.tryClaim(data, NodeParts.PROCESS_NAME)
        .orElseThrow(
            () ->
                new CommandException(
                    ExitCode.FAILURE,
                    "the node of "
                        + data
                        + " runs: stop it, its bridge and all readers, then compact"));
  }

  /** What {@code --json} prints. */
  record Report(String database, long bytesBefore, long bytesAfter) {}

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  CompactCommand() {}

  @Override
  public Integer call() throws IOException {
    Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
    PrintWriter out = spec.commandLine().getOut();
    DatabaseDirectory directory = LocalDatabase.directory(configuration, database);
    Compaction.Result result;
    try (ProcessFile _ = claim(configuration.get(Settings.DATA_DIRECTORY))) {
      result =
          Compaction.run(
              directory,
              database,
              NodeCommand.storageOptions(configuration),
              new StageProgress(spec.commandLine().getErr(), InstantSource.system()));
    }
    if (json) {
      out.println(
          Json.MAPPER.writeValueAsString(
              new Report(database, result.bytesBefore(), result.bytesAfter())));
    } else {
      out.printf(
          Locale.ROOT,
          "%s: %,d bytes before, %,d bytes now, verified%n",
          database,
          result.bytesBefore(),
          result.bytesAfter());
    }
    out.flush();
    return ExitCode.OK;
  }
}
