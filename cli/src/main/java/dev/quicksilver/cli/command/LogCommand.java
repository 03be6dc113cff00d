package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints a database's log, one entry a line. */
@Command(
    name = "log",
    description =
        "Prints a database's log, one entry a line, from a data directory or a running node.")
public final class LogCommand implements Callable<Integer> {
  private static final Duration FOLLOW_PAUSE = Duration.ofMillis(100);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Option(
      names = "--from",
      paramLabel = "SEQUENCE",
      description = "The first sequence to print. Default: the oldest that the log still holds.")
  private long from;

  @Option(names = "--follow", description = "Go on with new entries until interrupted.")
  private boolean follow;

  @Option(
      names = "--json",
      description =
          "Print each entry as a JSON object in a line of its own, with its commit time; keys and"
              + " values that are no text as hexadecimal digits in key_hex and value_hex.")
  private boolean json;

  @Mixin private NodeFlags node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  LogCommand() {}

  @Override
  public Integer call() throws InterruptedException {
    Optional<NodeClient> asked = node.named();
    if (asked.isEmpty()) {
      local();
    } else {
      remote(asked.get());
    }
    return ExitCode.OK;
  }

  private void local() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    try (LocalDatabase opened = LocalDatabase.open(node.configuration(), database)) {
      long next = from;
      do {
        try (Snapshot snapshot = opened.now().snapshot()) {
          Head head = snapshot.head();
          next = next == 0 ? head.oldestSequence() : next;
          if (next <= head.lastSequence()) {
            LogScan scan = snapshot.scanLog(next);
            for (LogEntry entry = scan.next(); entry != null; entry = scan.next()) {
              out.println(json ? EntryJson.of(entry) : Text.entry(entry));
              next = entry.sequence() + 1;
            }
            out.flush();
          }
        }
      } while (goOn(out));
    }
  }

  private void remote(NodeClient client) throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    long next = from;
    boolean more;
    do {
      NodeClient.Answer page =
          client.get(
              "/log",
              Map.of(
                  "database",
                  database,
                  "from",
                  Long.toString(next),
                  "format",
                  json ? RemoteReads.JSON : RemoteReads.TEXT));
      if (json && page.body().length > 0 && page.body()[0] != '{') {
        throw new CommandException(
            ExitCode.REFUSED,
            "the node at "
                + client.address()
                + " is of a version without --json: leave the flag away");
      }
      out.print(Text.escaped(page.text()));
      out.flush();
      more = page.body().length > 0;
      next = next(client, page, more ? next + 1 : next);
    } while (more || goOn(out));
  }

  /** Up to where a page goes, which has to be as far at least as it says itself. */
  private static long next(NodeClient client, NodeClient.Answer page, long least) {
    try {
      long next = Long.parseLong(Objects.requireNonNullElse(page.next(), ""));
      if (next >= least) {
        return next;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new CommandException(
        ExitCode.FAILURE,
        "what is at "
            + client.address()
            + " does not answer as a node: it does not say up to where its page of the log goes ("
            + RemoteReads.NEXT
            + ")");
  }

  /** Waits a little when following; not when the reader of a pipe has gone. */
  private boolean goOn(PrintWriter out) throws InterruptedException {
    if (!follow || out.checkError()) {
      return false;
    }
    Thread.sleep(FOLLOW_PAUSE);
    return true;
  }
}
