package dev.quicksilver.benchmarks.alerts;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The root is gone, for which commits wait, and for whose slot WAL is kept. */
final class KilledRoot implements Trial {
  private final AlertTree tree;
  private final String exporter;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<?>> waiting = new ArrayList<>();

  KilledRoot(AlertTree tree, String exporter) {
    this.tree = tree;
    this.exporter = exporter;
  }

  @Override
  public String what() {
    return "the root is killed while commits wait for it, and WAL is written; then started again";
  }

  @Override
  public Set<String> alerts() {
    return Set.of(
        "QuicksilverNoRoot " + exporter,
        "QuicksilverWalRetained " + exporter,
        "QuicksilverCommitsWaitForRoot " + exporter);
  }

  @Override
  public void cause() throws Exception {
    tree.execute("ALTER SYSTEM SET synchronous_standby_names = '\"quicksilver-root\"'");
    tree.execute("SELECT pg_reload_conf()");
    tree.cluster().kill(AlertTree.ROOT);
    tree.execute(
        "CREATE TABLE noise AS SELECT i, repeat(md5(i::text), 32) AS t"
            + " FROM generate_series(1, 40000) AS s (i)");
    waiting.add(threads.submit(this::commitThatWaits));
  }

  private Object commitThatWaits() throws SQLException {
    tree.execute("INSERT INTO dns VALUES ('waiting', '')", "on");
    return "over";
  }

  @Override
  public void cure() throws Exception {
    tree.cluster().restart(AlertTree.ROOT);
  }

  @Override
  public void end() throws Exception {
    for (Future<?> commit : waiting) {
      commit.get(TrialRun.LONGEST_SECONDS, TimeUnit.SECONDS);
    }
    threads.shutdownNow();
    tree.execute("ALTER SYSTEM RESET synchronous_standby_names");
    tree.execute("SELECT pg_reload_conf()");
  }
}
