package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.alerts.AlertRules;
import dev.quicksilver.benchmarks.alerts.AlertTree;
import dev.quicksilver.benchmarks.alerts.AlertingPrometheus;
import dev.quicksilver.benchmarks.alerts.Trial;
import dev.quicksilver.benchmarks.alerts.TrialRun;
import dev.quicksilver.benchmarks.alerts.Trials;
import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * {@code ops.alerts}: a real Prometheus with the rules of {@code ops/prometheus} scrapes a real
 * tree and a real exporter of PostgreSQL; the cause of one alert after the other is caused, and has
 * to make it fire; then it is cured, and the alert has to clear. Times and thresholds are shorter
 * in the copy of the rules that is used: the output says how. The bar is met only if all alerts
 * were tried; promtool tries them with the times that they have (AlertRulesPromtoolTest in cli).
 */
final class OpsAlertsBar implements Bar {
  private static final Path RULES = Path.of("ops/prometheus/quicksilver.rules.yml");
  private static final Path QUERIES = Path.of("ops/prometheus/postgres-exporter.yml");
  private static final List<String> PROGRAMS =
      List.of("prometheus", "promtool", "prometheus-postgres-exporter");

  @Override
  public String name() {
    return "ops.alerts";
  }

  @Override
  public String description() {
    return "each alert fires and clears on a real Prometheus, its cause caused and cured";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    install();
    Path home = Launcher.home().toAbsolutePath();
    AlertRules rules = new AlertRules(Files.readString(home.resolve(RULES)));
    try (Cluster cluster = Processes.cluster()) {
      EmbeddedPostgres postgres = cluster.embedPostgres();
      Path shorter = cluster.folder().resolve("quicksilver.rules.yml");
      Files.writeString(shorter, rules.shorter());
      System.out.println(SystemPackages.run(List.of("promtool", "check", "rules", shorter + "")));
      AlertTree tree = AlertTree.start(cluster, postgres, SystemPackages::run);
      try (AlertingPrometheus prometheus =
          AlertingPrometheus.start(
              cluster.folder(),
              shorter,
              tree.instances(),
              home.resolve(QUERIES),
              CentralPostgres.of(postgres))) {
        TrialRun trials = new TrialRun(prometheus);
        runAll(tree, trials, prometheus.exporter());
        return outcome(rules.alerts(), trials);
      }
    }
  }

  private static void runAll(AlertTree tree, TrialRun trials, String exporter) throws Exception {
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<?> beat = threads.submit(tree::beat);
      try {
        trials.run(Trials.first(tree));
        trials.requireQuiet(tree.lastingInstances());
        for (Trial trial : Trials.others(tree, exporter)) {
          trials.run(trial);
        }
      } finally {
        beat.cancel(true);
      }
    }
  }

  private static Outcome outcome(Set<String> all, TrialRun trials) {
    Set<String> not = new TreeSet<>(all);
    not.removeAll(trials.good());
    return new Outcome(
        String.format(
            Locale.ROOT,
            "%d of %d alerts fired and cleared%s%s",
            trials.good().size(),
            all.size(),
            not.isEmpty() ? "" : "; not tried, or not as they should: " + String.join(", ", not),
            trials.failures() == 0 ? "" : "; " + trials.failures() + " failures"),
        "each fires and clears",
        not.isEmpty() && trials.failures() == 0);
  }

  /** Installs what is missing; what Debian would then run as services of its own is stopped. */
  private static void install() throws IOException, InterruptedException {
    boolean isThere = PROGRAMS.stream().allMatch(OpsAlertsBar::isInstalled);
    SystemPackages.attempt(
        () -> {
          for (String program : PROGRAMS) {
            SystemPackages.run(List.of(program, "--version"));
          }
          return PROGRAMS;
        },
        "--no-install-recommends",
        "prometheus",
        "prometheus-postgres-exporter");
    if (!isThere && Files.isDirectory(Path.of("/run/systemd/system"))) {
      SystemPackages.run(
          List.of("systemctl", "disable", "--now", "prometheus", "prometheus-postgres-exporter"));
    }
  }

  private static boolean isInstalled(String program) {
    return Files.isExecutable(Path.of("/usr/bin").resolve(program));
  }
}
