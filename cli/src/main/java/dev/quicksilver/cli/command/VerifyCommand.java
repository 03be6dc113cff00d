package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.Verification;
import dev.quicksilver.storage.copy.Verifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Computes everything that a database claims again. */
@Command(
    name = "verify",
    description =
        "Computes all checksums, the chain hash and the content digest of a database again, also"
            + " beside a running node. Prints what is wrong, one finding a line.")
public final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATABASE",
      description = "The database's name, or a folder that holds one (data.mdb).")
  private String database;

  @Option(names = "--json", description = "Print what was found as JSON.")
  private boolean json;

  /** What {@code --json} prints. */
  record Report(
      String database,
      boolean clean,
      long pairs,
      long valueBytes,
      long blocks,
      long entries,
      long oldestSequence,
      long lastSequence,
      String chainHash,
      String contentDigest,
      List<String> problems) {}

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  VerifyCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Verification found = verify(ConfigurationFlags.load(spec, System.getenv()));
    if (json) {
      out.println(Json.MAPPER.writeValueAsString(report(found)));
    } else if (found.clean()) {
      out.printf(
          Locale.ROOT,
          "%s is clean: %,d pairs, %,d entries in %,d blocks of the log, sequence %d, content"
              + " digest %s%n",
          database,
          found.pairs(),
          found.entries(),
          found.blocks(),
          found.head().lastSequence(),
          found.head().contentDigest());
    } else {
      found.problems().forEach(out::println);
    }
    out.flush();
    return found.clean() ? ExitCode.OK : ExitCode.REFUSED;
  }

  private Verification verify(Configuration configuration) {
    Path folder = Path.of(database);
    if (Files.exists(folder.resolve("data.mdb"))) {
      try (Database opened =
          Database.openReadOnly(folder, NodeCommand.storageOptions(configuration))) {
        return verify(opened);
      }
    }
    try (LocalDatabase opened = LocalDatabase.open(configuration, database)) {
      return verify(opened.database());
    }
  }

  private Verification verify(Database opened) {
    return Verifier.verify(
        opened, new StageProgress(spec.commandLine().getErr(), InstantSource.system()));
  }

  private Report report(Verification found) {
    return new Report(
        database,
        found.clean(),
        found.pairs(),
        found.valueBytes(),
        found.blocks(),
        found.entries(),
        found.head().oldestSequence(),
        found.head().lastSequence(),
        found.head().chainHash().toString(),
        found.head().contentDigest().toString(),
        found.problems());
  }
}
