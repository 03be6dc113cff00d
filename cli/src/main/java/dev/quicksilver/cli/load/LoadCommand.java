package dev.quicksilver.cli.load;

import dev.quicksilver.cli.command.ConfigurationFlags;
import dev.quicksilver.cli.command.PostgresConnection;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.loader.Load;
import dev.quicksilver.loader.LoadException;
import dev.quicksilver.loader.LoadOptions;
import dev.quicksilver.loader.LoadOptions.Mode;
import dev.quicksilver.loader.source.Source;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Loads files into a database. */
@Command(
    name = "load",
    description = {
      "Loads files into a database, through PostgreSQL. Killed at any point, the same command goes"
          + " on there. docs/migrating.md shows how.",
      "Ends with 0 if all records were read and no more than --max-rejects of them rejected."
    })
public final class LoadCommand implements Callable<Integer> {
  /** What a stop may take: the batch that is being written. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Mixin private LoadFlags flags;

  @Option(
      names = "--wait",
      paramLabel = "SHARE",
      description =
          "Wait until the replicas have it: all, a share as 0.99, or none. Default: none.")
  private String wait = "none";

  @Option(
      names = "--wait-timeout",
      paramLabel = "SECONDS",
      description = "How long to wait for them at most. Default: 600.")
  private int waitTimeout = 600;

  @Option(names = "--yes", description = "Delete without asking what --mode replace-all deletes.")
  private boolean yes;

  @Option(names = "--summary", paramLabel = "FILE", description = "Write the report there as JSON.")
  private @Nullable Path summary;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  public LoadCommand() {}

  @Override
  public Integer call() throws Exception {
    Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
    LoadOptions options = InputFlags.usage(spec, () -> flags.options(database));
    double share = InputFlags.usage(spec, this::share);
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    try (Lifecycle lifecycle = new Lifecycle(LONGEST_STOP)) {
      lifecycle.signalExitCode(ExitCode.FAILURE);
      PostgresConnection postgres = PostgresConnection.open(configuration, lifecycle);
      lifecycle.own(
          "load",
          () -> {
            stop.set(true);
            ended.await(LONGEST_STOP.toSeconds(), TimeUnit.SECONDS);
          });
      try (Connection connection = connect(postgres)) {
        return mayReplace(connection, options, stop)
            ? run(connection, options, share, stop)
            : ExitCode.FAILURE;
      } finally {
        ended.countDown();
      }
    }
  }

  private static Connection connect(PostgresConnection postgres) throws SQLException {
    var properties = new Properties();
    if (!postgres.user().isEmpty()) {
      properties.setProperty("user", postgres.user());
    }
    if (!postgres.password().isEmpty()) {
      properties.setProperty("password", postgres.password());
    }
    properties.setProperty("ApplicationName", "quicksilver load");
    return DriverManager.getConnection(postgres.url(), properties);
  }

  /** The share of the replicas to wait for; 0 for none. */
  private double share() {
    if (wait.equals("none")) {
      return 0;
    }
    if (wait.equals("all")) {
      return 1;
    }
    double share = wait.matches("[01](\\.\\d{1,6})?") ? Double.parseDouble(wait) : 0;
    if (share <= 0 || share > 1) {
      throw new IllegalArgumentException(
          "--wait is all, none or a share of the replicas as 0.99, and not \"" + wait + "\"");
    }
    return share;
  }

  private static Optional<Console> terminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal);
  }

  /** Shows what would be replaced, and asks, unless that is not needed. */
  private boolean mayReplace(Connection connection, LoadOptions options, AtomicBoolean stop)
      throws LoadException, SQLException, InterruptedException, IOException {
    if (options.mode() != Mode.REPLACE_ALL || options.dryRun() || yes) {
      return true;
    }
    if (options.input().sources().stream().anyMatch(Source.OfStream.class::isInstance)) {
      throw new CommandException(
          ExitCode.USAGE,
          "--mode replace-all reads its sources twice, to show what it would do first, and standard"
              + " input can be read once: name a file, or say --yes to replace without a plan");
    }
    Console console =
        terminal()
            .orElseThrow(
                () ->
                    new CommandException(
                        ExitCode.USAGE,
                        "--mode replace-all asks before it deletes, and there is no terminal: look"
                            + " at the plan with --dry-run, then say --yes"));
    long from = System.nanoTime();
    LoadOptions plan = options.asDryRun();
    Load.Result result = load(connection, plan, stop);
    new LoadReport(plan, result, (System.nanoTime() - from) / 1e9, null)
        .print(spec.commandLine().getOut());
    if (result.end() != Load.End.FINISHED) {
      return false;
    }
    String answer = console.readLine("Load them, and delete what they lack? [yes/no] ");
    return answer != null && answer.strip().equalsIgnoreCase("yes");
  }

  private Load.Result load(Connection connection, LoadOptions options, AtomicBoolean stop)
      throws LoadException, SQLException, InterruptedException {
    PrintWriter err = spec.commandLine().getErr();
    long size = size(options.input().sources());
    boolean bar = terminal().isPresent();
    try (var progress = new LoadProgress(database, err, InstantSource.system(), size, bar)) {
      return Load.run(connection, options, progress, stop::get);
    }
  }

  private int run(Connection connection, LoadOptions options, double share, AtomicBoolean stop)
      throws LoadException, SQLException, InterruptedException, IOException {
    long from = System.nanoTime();
    Load.Result result = load(connection, options, stop);
    Arrival arrival = null;
    boolean finished = result.end() == Load.End.FINISHED;
    try {
      if (finished && share > 0 && !options.dryRun()) {
        arrival = Arrival.await(connection, database, share, waitTimeout);
      }
    } finally {
      var report = new LoadReport(options, result, (System.nanoTime() - from) / 1e9, arrival);
      report.print(spec.commandLine().getOut());
      if (summary != null) {
        report.write(summary);
      }
    }
    return finished && result.counts().addsUp() ? ExitCode.OK : ExitCode.FAILURE;
  }

  /** Bytes of all sources, or -1 if that is not known. */
  private static long size(List<Source> sources) {
    long sum = 0;
    for (Source source : sources) {
      try {
        if (source.size() < 0) {
          return -1;
        }
        sum += source.size();
      } catch (IOException e) {
        return -1; // the load itself says why
      }
    }
    return sum;
  }
}
