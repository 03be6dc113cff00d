package dev.quicksilver.cli.top;

import dev.quicksilver.cli.command.NodeClient;
import dev.quicksilver.cli.command.NodeFlags;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.process.ExitCode;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the tree below a node, live. */
@Command(
    name = "top",
    description =
        "Shows a running node and the tree of nodes below it, live in a terminal: what lags and"
            + " what is wrong, worst first. Keys: q quits, arrows and PgUp, PgDn scroll, w, s, l"
            + " and n sort, d shows each database.")
public final class TopCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private NodeFlags node;

  @Option(names = "--once", description = "Print it once, in full, as without a terminal.")
  private boolean once;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  TopCommand() {}

  @Override
  public Integer call() throws IOException {
    Supplier<NodeClient> asked = asked();
    if (once || !isInTerminal()) {
      return print(asked.get());
    }
    try (Terminal terminal = TerminalBuilder.builder().system(true).dumb(true).build()) {
      TopScreen screen = new TopScreen(terminal);
      if (!screen.canDraw()) {
        return print(asked.get());
      }
      screen.run(asked);
      return ExitCode.OK;
    }
  }

  /** Whether both input and output are a terminal. */
  private static boolean isInTerminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  private Supplier<NodeClient> asked() {
    Optional<NodeClient> named = node.named();
    if (named.isPresent()) {
      return named::get;
    }
    Configuration configuration = node.configuration();
    return () -> NodeFlags.ofDirectory(configuration);
  }

  private int print(NodeClient asked) throws IOException {
    Look look = Poller.look(asked, Clock.systemUTC());
    TopView view =
        TopView.of(
            new Seen(asked.address(), Optional.of(look), Optional.empty(), Optional.empty()),
            Controls.FIRST);
    PrintWriter out = spec.commandLine().getOut();
    view.above().forEach(line -> out.println(line.text()));
    view.tree().forEach(line -> out.println(line.text()));
    out.flush();
    return ExitCode.OK;
  }
}
