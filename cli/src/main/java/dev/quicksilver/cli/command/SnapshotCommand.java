package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.Verification;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Copies databases while they are in use. */
@Command(
    name = "snapshot",
    description = {
      "Copies a database of a data directory into a folder, or the whole data directory (--all),"
          + " also beside a running node, and verifies the copy. Goes on with a copy that was"
          + " interrupted.",
      "A copy of the whole is a backup: a data directory that a root or a replica can be started"
          + " on. It has the log that the node keeps; the copy of one database has none."
    })
public final class SnapshotCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..2",
      paramLabel = "[DATABASE] TO",
      description =
          "The database's name, unless all are copied, and the folder: new, empty, or with an"
              + " unfinished copy.")
  private List<String> arguments;

  @Option(names = "--all", description = "Copy all databases, as a data directory.")
  private boolean all;

  @Option(names = "--json", description = "Print what was copied as JSON.")
  private boolean json;

  /** What {@code --json} prints, with {@code --all} for each database. */
  record Report(
      String database,
      long pairs,
      long valueBytes,
      long sequence,
      String chainHash,
      String contentDigest,
      long fileBytes,
      String folder) {
    static Report of(String database, Verification copied, Path folder) throws IOException {
      return new Report(
          database,
          copied.pairs(),
          copied.valueBytes(),
          copied.head().lastSequence(),
          copied.head().chainHash().toString(),
          copied.head().contentDigest().toString(),
          Files.size(folder.resolve("data.mdb")),
          folder.toString());
    }
  }

  /**
   * What {@code --all --json} prints.
   *
   * @param complete the position up to which the copy is complete; empty if that is not known
   * @param absent names of databases that are so new that nothing of them is in the copy
   */
  record AllReport(String folder, String complete, List<Report> databases, List<String> absent) {}

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  SnapshotCommand() {}

  @Override
  public Integer call() throws IOException {
    if (arguments.size() != (all ? 1 : 2)) {
      throw new ParameterException(
          spec.commandLine(),
          all
              ? "with --all there is one argument, the folder to copy to"
              : "give the database and the folder to copy it to, or --all and the folder");
    }
    Path to = Path.of(arguments.getLast());
    Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
    PrintWriter out = spec.commandLine().getOut();
    if (all) {
      all(configuration, to, out);
    } else {
      one(configuration, arguments.getFirst(), to, out);
    }
    out.flush();
    return ExitCode.OK;
  }

  private void one(Configuration configuration, String database, Path to, PrintWriter out)
      throws IOException {
    try (LocalDatabase source = LocalDatabase.open(configuration, database)) {
      Report report = Report.of(database, SnapshotCopy.copy(source.database(), to, progress()), to);
      if (json) {
        out.println(Json.MAPPER.writeValueAsString(report));
      } else {
        print(report, out);
      }
    }
  }

  private void all(Configuration configuration, Path to, PrintWriter out) throws IOException {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    LocalDatabase.require(data, "give " + Settings.DATA_DIRECTORY.flag());
    PrintWriter err = spec.commandLine().getErr();
    Backup.Result result =
        new Backup(
                data,
                to,
                NodeCommand.storageOptions(configuration),
                name -> {
                  err.println("database " + name);
                  return progress();
                })
            .run();
    List<Report> reports = new ArrayList<>();
    for (Map.Entry<String, Verification> copied : result.databases().entrySet()) {
      Path folder = new DatabaseDirectory(to).environment(copied.getKey()).orElseThrow();
      reports.add(Report.of(copied.getKey(), copied.getValue(), folder));
    }
    String complete = result.complete().map(upTo -> upTo.position().toString()).orElse("");
    if (json) {
      out.println(
          Json.MAPPER.writeValueAsString(
              new AllReport(to.toString(), complete, reports, result.absent())));
      return;
    }
    reports.forEach(report -> print(report, out));
    for (String name : result.absent()) {
      out.println(
          name
              + ": new, nothing of it was there yet; a node that is started on the copy makes it,"
              + " the root of the WAL and a replica of its upstream");
    }
    out.println(
        complete.isEmpty()
            ? "not known to be complete, for its node is not: a replica can be started on it, no"
                + " root"
            : "complete up to " + complete + ": a root or a replica can be started on " + to);
  }

  private StageProgress progress() {
    return new StageProgress(spec.commandLine().getErr(), InstantSource.system());
  }

  private static void print(Report report, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%s: %,d pairs at sequence %d, content digest %s, %,d bytes in %s, verified%n",
        report.database(),
        report.pairs(),
        report.sequence(),
        report.contentDigest(),
        report.fileBytes(),
        report.folder());
  }
}
