package dev.quicksilver.cli.cluster;

/** A process of a cluster did not do what was waited for. */
public final class ClusterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final String logs;

  /**
   * Makes one.
   *
   * @param problem which process did what, in one line
   * @param logs the last lines of the logs that may tell why
   */
  ClusterException(String problem, String logs) {
    super(logs.isEmpty() ? problem : problem + System.lineSeparator() + logs);
    this.problem = problem;
    this.logs = logs;
  }

  /** Returns the message without the logs: one line. */
  public String problem() {
    return problem;
  }

  /** Returns the last lines of the logs, and whose they are. */
  public String logs() {
    return logs;
  }
}
