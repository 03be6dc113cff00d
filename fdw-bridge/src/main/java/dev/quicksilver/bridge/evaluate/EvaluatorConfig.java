package dev.quicksilver.bridge.evaluate;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How the evaluator runs.
 *
 * @param start when
 * @param directory an installed PostgreSQL (holds {@code bin/postgres}) instead of the one that
 *     comes along
 * @param idle how long it is kept without a session that uses it
 * @param memoryPerSession bytes that one session's process may allocate
 * @param temporaryFiles bytes of temporary files that one session may have
 */
public record EvaluatorConfig(
    Start start,
    Optional<Path> directory,
    Duration idle,
    long memoryPerSession,
    long temporaryFiles) {

  /** When it is started. */
  public enum Start {
    /** With the first statement that needs it. */
    ON_DEMAND,
    /** With the bridge. */
    EAGER,
    /** Never: what is not a seek is refused with 0A000. */
    NONE
  }

  /** On demand, ten minutes, 256 MiB of memory and 1 GiB of files a session. */
  public static final EvaluatorConfig DEFAULT =
      new EvaluatorConfig(
          Start.ON_DEMAND, Optional.empty(), Duration.ofMinutes(10), 256L << 20, 1L << 30);

  /** The same with the times and bounds of another. */
  public EvaluatorConfig withLimitsOf(EvaluatorConfig other) {
    return new EvaluatorConfig(
        start, directory, other.idle, other.memoryPerSession, other.temporaryFiles);
  }

  /** Says whether a PostgreSQL that was started with the other one is as this one wants it. */
  boolean startsAs(EvaluatorConfig other) {
    return memoryPerSession == other.memoryPerSession && temporaryFiles == other.temporaryFiles;
  }

  /** The same with another start. */
  public EvaluatorConfig withStart(Start other) {
    return new EvaluatorConfig(other, directory, idle, memoryPerSession, temporaryFiles);
  }
}
