package dev.quicksilver.cli.process;

/** Exit codes of every command; documented in {@code docs/configuration.md}. */
public final class ExitCode {
  /** Done; or a long-running process that was asked to stop. */
  public static final int OK = 0;

  /** It failed: the line on standard error says why. */
  public static final int FAILURE = 1;

  /** The command line or the configuration is wrong; nothing was done. */
  public static final int USAGE = 2;

  /**
   * Refused to protect data: damaged bytes, a copy that is withheld, a slot that is not the root's.
   */
  public static final int REFUSED = 3;

  /** Asked for something that is not there: a key, a database, a running process. */
  public static final int NOT_FOUND = 4;

  private ExitCode() {}
}
