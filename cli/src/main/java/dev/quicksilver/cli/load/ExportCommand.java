package dev.quicksilver.cli.load;

import dev.quicksilver.cli.command.ConfigurationFlags;
import dev.quicksilver.cli.command.LocalDatabase;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.write.Export;
import dev.quicksilver.loader.write.Export.Packing;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a database of a data directory as a file that {@code load} reads. */
@Command(
    name = "export",
    description = {
      "Writes all pairs of a database of a data directory as a file that load reads, in one"
          + " snapshot, also beside a running node.",
      "The node's file grows while the export lasts, as under every long read."
    })
public final class ExportCommand implements Callable<Integer> {
  private static final long PAUSE_MILLIS = 1_000;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FILE",
      description = "A file that is not there yet; - is standard output.")
  private String to;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "tsv (COPY's text), csv or jsonl; told by the file's name otherwise.")
  private @Nullable String format;

  @Option(
      names = "--packing",
      paramLabel = "PACKING",
      description = "none, gzip or zstd; told by the file's name otherwise.")
  private @Nullable String packing;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  public ExportCommand() {}

  @Override
  public Integer call() throws IOException {
    Format chosen = InputFlags.usage(spec, this::chosen);
    Packing packed = InputFlags.usage(spec, this::packing);
    try (Lifecycle lifecycle = new Lifecycle();
        LocalDatabase opened =
            LocalDatabase.open(ConfigurationFlags.load(spec, System.getenv()), database)) {
      Database source = opened.database();
      lifecycle.signalExitCode(ExitCode.FAILURE);
      try (Snapshot snapshot = source.snapshot()) {
        long pairs =
            to.equals("-")
                ? write(snapshot, source, chosen, packed, System.out)
                : writeFile(lifecycle, snapshot, source, chosen, packed);
        report(source, snapshot.head(), pairs, chosen);
      }
    }
    return ExitCode.OK;
  }

  private Format chosen() {
    Format one = format == null ? ofName() : Format.of(format);
    Export.requireWritten(one);
    return one;
  }

  private Format ofName() {
    return Format.ofName(to)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "the format cannot be told by \"" + to + "\": --format says it"));
  }

  private Packing packing() {
    if (packing == null) {
      String name = to.toLowerCase(Locale.ROOT);
      return name.endsWith(".gz") || name.endsWith(".gzip")
          ? Packing.GZIP
          : name.endsWith(".zst") || name.endsWith(".zstd") ? Packing.ZSTD : Packing.NONE;
    }
    for (Packing one : Packing.values()) {
      if (one.name().toLowerCase(Locale.ROOT).equals(packing)) {
        return one;
      }
    }
    throw new IllegalArgumentException(
        "--packing is none, gzip or zstd, and not \"" + packing + "\"");
  }

  /** Writes beside the file, which is there once it is whole. */
  private long writeFile(
      Lifecycle lifecycle, Snapshot snapshot, Database source, Format chosen, Packing packed)
      throws IOException {
    Path file = Path.of(to);
    if (Files.exists(file)) {
      throw new CommandException(
          ExitCode.FAILURE, file + " is there already: take it away, or name another file");
    }
    Path part = file.resolveSibling(file.getFileName() + ".part");
    lifecycle.own("unfinished file", () -> Files.deleteIfExists(part));
    long pairs = write(snapshot, source, chosen, packed, Files.newOutputStream(part));
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    return pairs;
  }

  private long write(
      Snapshot snapshot, Database source, Format chosen, Packing packed, OutputStream out)
      throws IOException {
    return Export.run(snapshot, source.identity(), chosen, packed, out, progress(snapshot.pairs()));
  }

  private LongConsumer progress(long total) {
    PrintWriter err = spec.commandLine().getErr();
    InstantSource clock = InstantSource.system();
    long[] next = {clock.millis() + PAUSE_MILLIS};
    return pairs -> {
      if (clock.millis() >= next[0]) {
        next[0] = clock.millis() + PAUSE_MILLIS;
        err.printf(Locale.ROOT, "%,d of %,d pairs%n", pairs, total);
        err.flush();
      }
    };
  }

  private void report(Database source, Head head, long pairs, Format chosen) {
    PrintWriter err = spec.commandLine().getErr();
    err.printf(
        Locale.ROOT,
        "%s: %,d pairs at sequence %d, content digest %s%nto load them: load %s --from %s %s%n",
        database,
        pairs,
        head.lastSequence(),
        head.contentDigest(),
        database,
        to,
        Export.loadFlags(source.identity(), chosen));
    err.flush();
  }
}
