package dev.quicksilver.cli.cluster;

/**
 * How a command ended.
 *
 * @param exitCode one of {@link dev.quicksilver.cli.process.ExitCode}, or 128 and a signal
 * @param output all that it printed, on both outputs
 */
public record Ended(int exitCode, String output) {}
