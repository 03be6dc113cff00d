package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.fixtures.JavaCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What is done beside the reader of {@link IsolationBar}. */
interface IsolationLoad extends AutoCloseable {
  @Override
  void close() throws IOException;

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
        new ProcessBuilder(ProcessOptions.asSession(List.of("bash", "-c", script))).start();
    return () -> {
      process.getOutputStream().close(); // which ends it
      process.onExit().join();
    };
  }

  /**
   * A process of analysts, which would be on another machine: so it gives way as the bridge does.
   *
   * @param ended counts statements that came to their end
   * @param cut counts those that were too slow for the age that a snapshot may have
   */
  static IsolationLoad analysts(TeamEdge edge, int niceness, AtomicLong ended, AtomicLong cut)
      throws IOException {
    List<String> command =
        JavaCommand.of(
            IsolationAnalysts.class,
            List.of("-Xmx256m", "-XX:TieredStopAtLevel=4"),
            List.of(
                Integer.toString(niceness),
                Integer.toString(edge.port()),
                TeamEdge.OPERATOR,
                TeamEdge.password(TeamEdge.OPERATOR),
                edge.authorities().toString()));
    Process process =
        new ProcessBuilder(ProcessOptions.asSession(command))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return () -> {
      process.getOutputStream().close(); // which ends it
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      String[] numbers = said.strip().split(" ", -1);
      if (process.onExit().join().exitValue() != 0 || numbers.length != 2) {
        throw new AssertionError("an analyst got an error: " + said);
      }
      ended.addAndGet(Long.parseLong(numbers[0]));
      cut.addAndGet(Long.parseLong(numbers[1]));
    };
  }
}
