package dev.quicksilver.benchmarks;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code benchmarks/run}: runs bars; exit code 0 if all are met, 1 if one is not, 2 for a wrong
 * call.
 */
@Command(
    name = "benchmarks/run",
    description = "Measures bars, each with all that it needs.",
    sortOptions = false)
public final class Run implements Callable<Integer> {
  static final List<Bar> BARS =
      List.of(
          new DemoBar(),
          new SteadyBar(),
          new KillBar(),
          new LatencyBar(),
          new ErrorsBar(),
          new CrashBar(),
          new BitflipBar(),
          new GetBar(),
          new ReadUnderWriteBar(),
          new EdgeLibraryBar(),
          new ApplyBar(),
          new SizeBar(),
          new ChurnBar(),
          new ArticleBar(),
          new FaultsBar(),
          new FuzzBar(),
          new CatchUpBar(),
          new FleetBar(),
          new BytesBar(),
          new BootstrapBar(),
          new GatewayRateBar(),
          new GatewayCommitBar(),
          new GatewayModelBar(),
          new RestoreBar(),
          new ReplaceRootBar(),
          new HugeTransactionBar(),
          new GatewayKillBar(),
          new FailoverBar(),
          new ResumeBar(),
          new BadInputBar(),
          new RealBar(),
          new LoadSpeedBar(),
          new LiveBar(),
          new HostileBar(),
          new ClientsBar(),
          new EdgeClientsBar(),
          new EdgeEventsBar(),
          new EdgeUpgradeBar(),
          new FdwSpeedBar(),
          new CursorSpeedBar(),
          new EvaluatedSpeedBar(),
          new ShapesBar(),
          new DifferentialBar(),
          new RightsBar(),
          new BridgeFuzzBar(),
          new IsolationBar(),
          new EdgeRespBar(),
          new EdgeStartupBar(),
          new EdgeReadUnderWriteBar(),
          new OpsAlertsBar(),
          new OpsDashboardsBar(),
          new OpsDoctorBar(),
          new OpsPackageBar(),
          new OpsMemoryBar(),
          new OpsPageBar(),
          new OpsSystemdBar(),
          new OpsStartupBar());

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "Bars, as --list names them.")
  private List<String> names = List.of();

  @Option(
      names = "--all",
      description = {
        "All bars, one after the other in this process. With --quick those that run the build are"
            + " left out, and one that measures speed counts only if it does not come to its end."
      })
  private boolean all;

  @Option(names = "--quick", description = "Smaller runs, for continuous integration.")
  private boolean quick;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same random choices as the run that printed it.")
  private long seed = System.nanoTime();

  @Option(names = "--list", description = "Lists all bars and ends.")
  private boolean list;

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean help;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli
  private CommandSpec spec;

  private final List<Bar> bars;
  private final PrintStream out;

  private Run(List<Bar> bars, PrintStream out) {
    this.bars = bars;
    this.out = out;
  }

  /** Runs what the arguments name and ends the process. */
  public static void main(String[] arguments) {
    System.exit(run(BARS, System.out, System.err, arguments));
  }

  /** Runs what the arguments name of some bars; returns the exit code. */
  static int run(List<Bar> bars, PrintStream out, PrintStream err, String... arguments) {
    CommandLine command = new CommandLine(new Run(bars, out));
    command.setParameterExceptionHandler(
        (wrong, _) -> {
          err.println("benchmarks/run: " + wrong.getMessage());
          return 2;
        });
    return command.execute(arguments);
  }

  @Override
  public Integer call() {
    if (list) {
      bars.forEach(bar -> out.printf("%-26s %s%n", bar.name(), bar.description()));
      return 0;
    }
    List<Bar> chosen = all ? all() : names.stream().map(this::named).toList();
    if (chosen.isEmpty() || (all && !names.isEmpty())) {
      throw wrong("name a bar, or give --all");
    }
    List<Result> results = new ArrayList<>();
    for (Bar bar : chosen) {
      results.add(run(bar));
    }
    if (results.size() > 1) {
      sum(results);
    }
    return results.stream().allMatch(this::isMet) ? 0 : 1;
  }

  private List<Bar> all() {
    List<Bar> chosen = new ArrayList<>();
    for (Bar bar : bars) {
      if (quick && bar.kind() == Bar.Kind.BUILD) {
        out.println(bar.name() + ": left out, since it runs the build");
      } else {
        chosen.add(bar);
      }
    }
    return chosen;
  }

  private Bar named(String name) {
    return bars.stream()
        .filter(bar -> bar.name().equals(name))
        .findAny()
        .orElseThrow(() -> wrong("no bar is called " + name + "; --list shows them all"));
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private record Result(Bar bar, Bar.Outcome outcome, boolean complete) {
    String line() {
      return String.format(
          Locale.ROOT,
          "%s: %s (bar: %s) %s",
          bar.name(),
          outcome.figure(),
          outcome.limit(),
          outcome.pass() ? "PASS" : "FAIL");
    }
  }

  private Result run(Bar bar) {
    out.println(bar.name() + ": " + bar.description() + (quick ? " (quick)" : ""));
    out.println("seed " + seed);
    long start = System.nanoTime();
    Bar.Outcome outcome;
    boolean complete = true;
    try {
      outcome = bar.run(new Bar.Settings(quick, seed));
    } catch (Exception | AssertionError e) {
      e.printStackTrace(out);
      outcome = new Bar.Outcome("failed (" + brief(e) + ")", "a complete run", false);
      complete = false;
    }
    out.println("took " + Duration.ofNanos(System.nanoTime() - start).toSeconds() + " s");
    Result result = new Result(bar, outcome, complete);
    out.println(result.line());
    return result;
  }

  /** The error in one line: who reads only the last lines of a long run has to know, too. */
  private static String brief(Throwable e) {
    String message = Objects.toString(e.getMessage(), "").lines().findFirst().orElse("");
    return e.getClass().getSimpleName()
        + (message.isEmpty() ? "" : ": " + message.substring(0, Math.min(message.length(), 200)));
  }

  /** Says whether the exit code may be 0 for all that this bar showed. */
  private boolean isMet(Result result) {
    return result.outcome().pass() || (result.complete() && !isJudged(result.bar()));
  }

  private boolean isJudged(Bar bar) {
    return !(all && quick && bar.kind() == Bar.Kind.SPEED);
  }

  private void sum(List<Result> results) {
    out.println();
    results.forEach(result -> out.println(result.line()));
    long met = results.stream().filter(this::isMet).count();
    List<String> notJudged =
        results.stream()
            .filter(result -> isMet(result) && !result.outcome().pass())
            .map(result -> result.bar().name())
            .toList();
    out.println(
        met
            + " passed, "
            + (results.size() - met)
            + " failed"
            + (notJudged.isEmpty()
                ? ""
                : ": a quick run does not judge " + String.join(", ", notJudged)));
  }
}
