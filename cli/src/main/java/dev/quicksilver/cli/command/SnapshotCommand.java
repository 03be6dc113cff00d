package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Verification;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Copies a database while it is in use. */
@Command(
    name = "snapshot",
    description =
        "Copies a database of a data directory into a folder, also beside a running node, and"
            + " verifies the copy. Goes on with a copy that was interrupted.")
public final class SnapshotCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Parameters(
      paramLabel = "TO",
      description = "The folder: new, empty, or with an unfinished copy.")
  private Path to;

  @Option(names = "--json", description = "Print what was copied as JSON.")
  private boolean json;

  /** What {@code --json} prints. */
  record Report(
      String database,
      long pairs,
      long valueBytes,
      long sequence,
      String chainHash,
      String contentDigest,
      long fileBytes,
      String folder) {}

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  SnapshotCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Database source =
        LocalDatabase.open(ConfigurationFlags.load(spec, System.getenv()), database)) {
      Verification copied =
          source.copyTo(to, new StageProgress(spec.commandLine().getErr(), InstantSource.system()));
      Report report =
          new Report(
              database,
              copied.pairs(),
              copied.valueBytes(),
              copied.head().lastSequence(),
              copied.head().chainHash().toString(),
              copied.head().contentDigest().toString(),
              Files.size(to.resolve("data.mdb")),
              to.toString());
      if (json) {
        out.println(Json.MAPPER.writeValueAsString(report));
      } else {
        out.printf(
            Locale.ROOT,
            "%s: %,d pairs at sequence %d, content digest %s, %,d bytes in %s, verified%n",
            database,
            report.pairs(),
            report.sequence(),
            report.contentDigest(),
            report.fileBytes(),
            to);
      }
      out.flush();
    }
    return ExitCode.OK;
  }
}
