package dev.quicksilver.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** {@code benchmarks/run}: runs one bar; exit code 0 if it is met, 1 if not, 2 for a wrong call. */
public final class Run {
  private static final List<Bar> BARS =
      List.of(
          new DemoBar(),
          new KillBar(),
          new LatencyBar(),
          new ErrorsBar(),
          new CrashBar(),
          new BitflipBar(),
          new GetBar(),
          new ReadUnderWriteBar(),
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
          new HugeTransactionBar(),
          new FailoverBar());

  private Run() {}

  /** Takes {@code --list} or {@code NAME [--quick] [--seed N]}. */
  public static void main(String[] arguments) throws Exception {
    List<String> names = new ArrayList<>();
    boolean quick = false;
    long seed = System.nanoTime();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--list" -> {
          BARS.forEach(bar -> System.out.printf("%-24s %s%n", bar.name(), bar.description()));
          return;
        }
        case "--quick" -> quick = true;
        case "--seed" -> seed = Long.parseLong(arguments[++i]);
        default -> names.add(arguments[i]);
      }
    }
    Bar bar =
        BARS.stream().filter(known -> names.equals(List.of(known.name()))).findAny().orElse(null);
    if (bar == null) {
      System.err.println(
          "benchmarks/run: name one bar, with --quick for a smaller run; --list shows them all");
      System.exit(2);
      return;
    }
    System.out.println(bar.name() + ": " + bar.description() + (quick ? " (quick)" : ""));
    System.out.println("seed " + seed);
    Bar.Outcome outcome;
    try {
      outcome = bar.run(new Bar.Settings(quick, seed));
    } catch (Exception | AssertionError e) {
      e.printStackTrace(System.out);
      outcome =
          new Bar.Outcome("failed (" + e.getClass().getSimpleName() + ")", "a complete run", false);
    }
    System.out.printf(
        "%s: %s (bar: %s) %s%n",
        bar.name(), outcome.figure(), outcome.limit(), outcome.pass() ? "PASS" : "FAIL");
    System.exit(outcome.pass() ? 0 : 1);
  }
}
