package dev.quicksilver.cli.load;

import dev.quicksilver.cli.command.ConfigurationFlags;
import dev.quicksilver.cli.command.LocalDatabase;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.loader.Input;
import dev.quicksilver.loader.LoadException;
import dev.quicksilver.loader.compare.Comparison;
import dev.quicksilver.loader.compare.Comparison.Difference;
import dev.quicksilver.storage.Snapshot;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares files with a database of a data directory. */
@Command(
    name = "compare",
    description = {
      "Compares files, read as load reads them, with a database of a data directory, pair by pair,"
          + " also beside a running node.",
      "Ends with 0 if both hold the same pairs, with 1 if not."
    })
public final class CompareCommand implements Callable<Integer> {
  private static final int SHOWN = 60;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Mixin private InputFlags flags;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "How many differences are shown. Default: 20.")
  private int limit = 20;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  public CompareCommand() {}

  @Override
  public Integer call() throws LoadException, IOException {
    Input input = InputFlags.usage(spec, this::input);
    try (LocalDatabase copy =
            LocalDatabase.open(ConfigurationFlags.load(spec, System.getenv()), database);
        Snapshot snapshot = copy.database().snapshot()) {
      Comparison.Result result =
          Comparison.run(
              input,
              snapshot,
              copy.database().identity(),
              Path.of(System.getProperty("java.io.tmpdir")),
              limit);
      report(result, snapshot.head().lastSequence());
      return result.same() ? ExitCode.OK : ExitCode.FAILURE;
    }
  }

  private Input input() {
    Input input = flags.input(database);
    InputFlags.requireAtLeast("--limit", limit, 0);
    return input;
  }

  private void report(Comparison.Result result, long sequence) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "%s at sequence %d: %,d equal, %,d missing, %,d additional, %,d different; of %,d records"
            + " %,d duplicate, %,d rejected%n",
        database,
        sequence,
        result.equal(),
        result.missing(),
        result.additional(),
        result.different(),
        result.read(),
        result.duplicates(),
        result.rejected());
    for (Difference difference : result.differences()) {
      String kind = difference.kind().name().toLowerCase(Locale.ROOT);
      out.println(kind + " " + shown(difference.key()));
      line(out, "  in the files:    ", difference.wanted());
      line(out, "  in the database: ", difference.found());
    }
    String expirations = LoadProgress.words(result.expirations());
    if (!expirations.isEmpty()) {
      out.println(expirations);
    }
    result.rejects().forEach(reject -> out.println("rejected " + reject));
    out.flush();
  }

  private static void line(PrintWriter out, String title, byte @Nullable [] value) {
    if (value != null) {
      out.println(title + shown(value));
    }
  }

  /** The beginning of a text on one line. */
  private static String shown(byte[] bytes) {
    String text = new String(bytes, 0, Math.min(bytes.length, 4 * SHOWN), StandardCharsets.UTF_8);
    String plain = text.replaceAll("\\p{Cntrl}", "\ufffd");
    return plain.length() <= SHOWN && bytes.length <= 4 * SHOWN
        ? plain
        : plain.substring(0, Math.min(plain.length(), SHOWN)) + "… (" + bytes.length + " bytes)";
  }
}
