package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Has running processes read their configuration anew. */
@Command(
    name = "reload",
    description =
        "Has the processes of a data directory, or the one of --node, read their"
            + " configuration anew and take what they can while they run; says what has to wait for"
            + " a restart.")
public final class ReloadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private NodeFlags node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  ReloadCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Optional<NodeClient> named = node.named();
    Map<String, NodeClient> processes =
        named.isPresent() ? Map.of("", named.get()) : ofDirectory(node.configuration());
    int worst = ExitCode.OK;
    for (Map.Entry<String, NodeClient> one : processes.entrySet()) {
      String name = one.getKey().isEmpty() ? "" : one.getKey() + ": ";
      try {
        one.getValue()
            .post(Reload.PATH, Map.of())
            .lines()
            .forEach(line -> out.println(name + Text.clean(line)));
      } catch (CommandException e) {
        worst = e.exitCode();
        String.valueOf(e.getMessage())
            .lines()
            .forEach(line -> out.println(name + Text.clean(line)));
      }
    }
    out.flush();
    return worst;
  }

  private static Map<String, NodeClient> ofDirectory(Configuration configuration) {
    Path data = NodeFlags.dataDirectory(configuration);
    Map<String, NodeClient> clients = new LinkedHashMap<>();
    NodeFlags.running(data)
        .forEach(
            process ->
                NodeClient.of(process).ifPresent(client -> clients.put(process.role(), client)));
    if (clients.isEmpty()) {
      throw NodeFlags.noneRuns("process", data);
    }
    return clients;
  }
}
