package dev.quicksilver.cli.load;

import dev.quicksilver.cli.config.SettingType;
import dev.quicksilver.loader.Input;
import dev.quicksilver.loader.LoadOptions;
import dev.quicksilver.loader.LoadOptions.Limits;
import dev.quicksilver.loader.LoadOptions.MaxRejects;
import dev.quicksilver.loader.LoadOptions.Mode;
import dev.quicksilver.loader.read.Format;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags that say what to load, and how. */
final class LoadFlags {
  private static final SettingType<Duration> LAG = new SettingType.Span("100ms", "1d");

  @Mixin private InputFlags input = new InputFlags();

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "upsert; insert-only, which rejects keys that are there with another value; replace-all,"
              + " which then deletes what the sources lack. Default: upsert.")
  private String mode = "upsert";

  @Option(
      names = "--rejects",
      paramLabel = "FILE",
      description =
          "Where records are written that cannot be loaded. Default: DATABASE-rejects and the"
              + " format; DATABASE-dry-run-rejects of a dry run.")
  private @Nullable Path rejects;

  @Option(
      names = "--max-rejects",
      paramLabel = "N|N%%",
      description = "The load stops when there are more. Default: 0.")
  private String maxRejects = "0";

  @Option(
      names = "--batch-rows",
      paramLabel = "N",
      description = "Rows to a transaction at most. Default: 20000.")
  private int batchRows = 20_000;

  @Option(
      names = "--max-lag",
      paramLabel = "TIME",
      description =
          "How far behind the load may put a replica, as 2s: each batch waits until all replicas"
              + " have the one before it. Default: no limit.")
  private @Nullable String maxLag;

  @Option(
      names = "--max-wal",
      paramLabel = "MIB",
      description =
          "How much WAL the root may not have read yet: the load waits while it is more. Default:"
              + " 1024 MiB.")
  private int maxWal = 1024;

  @Option(
      names = "--restart",
      description = "Load all anew, wherever an earlier run of this command has ended.")
  private boolean restart;

  @Option(names = "--dry-run", description = "Check everything, and load nothing.")
  private boolean dryRun;

  /**
   * Returns what they say.
   *
   * @throws IllegalArgumentException if they make no sense; the message names the flag
   */
  LoadOptions options(String database) {
    Input what = input.input(database);
    return new LoadOptions(
        database,
        what,
        InputFlags.choice("--mode", mode, Mode.values()),
        rejects == null ? defaultRejects(database, what.format()) : rejects,
        maxRejects(),
        limits(),
        restart,
        dryRun);
  }

  /** A dry run has one of its own, so that the load after it finds none. */
  private Path defaultRejects(String database, Format format) {
    return Path.of(database + (dryRun ? "-dry-run" : "") + "-rejects." + format.ofRejects().word());
  }

  private Limits limits() {
    InputFlags.requireAtLeast("--batch-rows", batchRows, 1);
    InputFlags.requireAtLeast("--max-wal", maxWal, 1);
    return new Limits(
        batchRows, Optional.ofNullable(maxLag).map(LoadFlags::lag), (long) maxWal << 20);
  }

  private static Duration lag(String text) {
    try {
      return LAG.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "--max-lag is " + LAG.describe() + ", and not \"" + text + "\"", e);
    }
  }

  private MaxRejects maxRejects() {
    boolean percent = maxRejects.endsWith("%");
    String text = percent ? maxRejects.substring(0, maxRejects.length() - 1) : maxRejects;
    String form = percent ? "\\d{1,3}(\\.\\d{1,6})?" : "\\d{1,15}";
    if (!text.matches(form) || (percent && Double.parseDouble(text) > 100)) {
      throw new IllegalArgumentException(
          "--max-rejects is a number of records or a share as 0.1%, and not \""
              + maxRejects
              + "\"");
    }
    return new MaxRejects(Double.parseDouble(text), percent);
  }
}
