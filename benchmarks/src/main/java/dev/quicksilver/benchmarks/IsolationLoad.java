package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** What is done beside the reader of {@link IsolationBar}. */
interface IsolationLoad extends AutoCloseable {
  @Override
  void close() throws IOException;

  /** Waits for the ends of threads. */
  static void join(List<Thread> threads) {
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Nothing. */
  static IsolationLoad none() {
    return () -> {};
  }

  /**
   * Processes that do nothing as fast as they can, in a session of their own that gives way as the
   * evaluator's does.
   */
  static IsolationLoad loops(int count, int niceness) throws IOException {
    String loop =
        "while kill -0 $PPID 2>/dev/null; do for ((i = 0; i < 300000; i++)); do :; done; done";
    String script =
        "[ -w /proc/$$/autogroup ] && echo %2$d >/proc/$$/autogroup; for k in $(seq %1$d); do nice -n %2$d bash -c '%3$s' & done; read line; kill $(jobs -p)"
            .formatted(count, niceness, loop);
    Process process =
        new ProcessBuilder(ChildProcess.asService(List.of("bash", "-c", script))).start();
    return () -> {
      process.getOutputStream().close(); // which ends it
      process.onExit().join();
    };
  }

  /** Sessions of a bridge that scan and aggregate all of {@code big} in a loop. */
  final class Analysts implements IsolationLoad {
    private static final List<String> QUERIES =
        List.of(
            "SELECT key, value FROM big",
            "SELECT substring(key, 1, 7), count(*), max(value) FROM big GROUP BY 1",
            "SELECT key, sequence FROM big ORDER BY key DESC",
            "SELECT count(*) FROM big WHERE value ~ 'v+7'");

    /** A snapshot that became too old, which is what keeps the file small. */
    private static final Set<String> TOO_OLD = Set.of("72000");

    private final AtomicBoolean over = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong ended;
    private final AtomicLong cut;
    private volatile String failure = "";

    /**
     * Starts them, and one more that opens a transaction and sits in it.
     *
     * @param ended counts statements that came to their end
     * @param cut counts those that were too slow for the age that a snapshot may have
     */
    Analysts(TeamEdge edge, AtomicLong ended, AtomicLong cut) {
      this.ended = ended;
      this.cut = cut;
      for (String query : QUERIES) {
        threads.add(Thread.ofPlatform().start(() -> work(edge, query, 0)));
      }
      threads.add(
          Thread.ofPlatform()
              .start(() -> work(edge, "SELECT value FROM big ORDER BY key LIMIT 1", 1000)));
    }

    private void work(TeamEdge edge, String query, long sit) {
      try (Connection connection = edge.as(TeamEdge.OPERATOR)) {
        connection.setAutoCommit(false);
        while (!over.get()) {
          once(connection, query, sit);
        }
      } catch (SQLException | InterruptedException e) {
        failure = query + ": " + e;
      }
    }

    private void once(Connection connection, String query, long sit)
        throws SQLException, InterruptedException {
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(1000);
        do {
          try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next() && !over.get()) {}
          }
          TimeUnit.MILLISECONDS.sleep(sit);
        } while (sit > 0 && !over.get());
        connection.commit();
        ended.incrementAndGet();
      } catch (SQLException e) {
        if (!TOO_OLD.contains(String.valueOf(e.getSQLState()))) {
          throw e;
        }
        cut.incrementAndGet();
        connection.rollback();
      }
    }

    @Override
    public void close() {
      over.set(true);
      join(threads);
      if (!failure.isEmpty()) {
        throw new AssertionError("an analyst got an error: " + failure);
      }
    }
  }
}
