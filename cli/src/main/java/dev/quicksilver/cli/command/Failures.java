package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Paths;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.tls.TlsException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.sql.SQLException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/** Turns every exception that reaches the command line into one line and an exit code. */
public final class Failures {
  /** What the user sees. */
  public record Failure(int exitCode, String line) {}

  private Failures() {}

  /** Tells the user of an exception, with its stack trace if wanted; returns the exit code. */
  public static int tell(Throwable thrown, boolean debug, PrintWriter to) {
    Failure failure = describe(thrown);
    to.println("quicksilver: " + failure.line());
    if (debug) {
      thrown.printStackTrace(to);
    }
    to.flush();
    return failure.exitCode();
  }

  /** Describes an exception; never fails itself. */
  public static Failure describe(Throwable thrown) {
    return switch (thrown) {
      case CommandException e -> new Failure(e.exitCode(), line(e));
      case ConfigurationException e -> new Failure(ExitCode.USAGE, line(e));
      case TlsException e -> new Failure(ExitCode.USAGE, line(e));
      case StorageException e -> new Failure(exitCode(e), line(e) + " [" + e.code() + "]");
      case SQLException e -> new Failure(ExitCode.FAILURE, "PostgreSQL: " + line(e) + state(e));
      case BindException e ->
          new Failure(
              ExitCode.FAILURE,
              "the port is in use ("
                  + line(e)
                  + "): stop the program that uses it, or choose another port");
      case ConnectException e ->
          new Failure(ExitCode.FAILURE, "nothing answers there: " + line(e) + ": is it running?");
      case AccessDeniedException e ->
          new Failure(
              ExitCode.FAILURE,
              "no permission for " + e.getFile() + ": make it accessible for this user");
      case InvalidPathException e -> new Failure(ExitCode.FAILURE, Paths.explain(e));
      case UncheckedIOException e when e.getCause() != null -> describe(e.getCause());
      case CompletionException e when e.getCause() != null -> describe(e.getCause());
      case ExecutionException e when e.getCause() != null -> describe(e.getCause());
      default -> new Failure(ExitCode.FAILURE, other(thrown));
    };
  }

  private static int exitCode(StorageException e) {
    return switch (e.code()) {
      case DIVERGED, CORRUPT -> ExitCode.REFUSED;
      case NOT_FOUND, NOT_IN_LOG -> ExitCode.NOT_FOUND;
      case INVALID_ARGUMENT,
          ALREADY_EXISTS,
          WRONG_FORMAT,
          UNFINISHED,
          UNSUPPORTED,
          NO_SPACE,
          SNAPSHOT_TOO_OLD,
          IO ->
          ExitCode.FAILURE;
    };
  }

  private static String state(SQLException e) {
    return e.getSQLState() == null ? "" : " [SQLSTATE " + e.getSQLState() + "]";
  }

  /** Our own exceptions are written for users; others are named, so that they can be looked up. */
  private static String other(Throwable thrown) {
    boolean ours = thrown.getClass().getName().startsWith("dev.quicksilver.");
    return ours ? line(thrown) : thrown.getClass().getSimpleName() + ": " + line(thrown);
  }

  private static String line(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null
        ? "no details; --debug shows where"
        : Text.escaped(message.lines().map(String::strip).collect(Collectors.joining(" ")));
  }
}
