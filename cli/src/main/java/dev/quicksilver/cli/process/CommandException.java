package dev.quicksilver.cli.process;

/** An expected failure of a command: one line for the user, and an exit code. */
public final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * Makes one.
   *
   * @param message what happened, where, and the cure, in one line
   */
  public CommandException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** Returns one of {@link ExitCode}. */
  public int exitCode() {
    return exitCode;
  }
}
