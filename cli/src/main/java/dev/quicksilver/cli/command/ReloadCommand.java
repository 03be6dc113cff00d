package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Has running processes read their configuration anew. */
@Command(
    name = "reload",
    description =
        "Has the processes of a data directory, or the one with an address, read their"
            + " configuration anew and take what they can while they run; says what has to wait for"
            + " a restart.")
public final class ReloadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--node",
      paramLabel = "HOST:PORT",
      description =
          "The process's http.listen address. Default: all processes of the data directory.")
  private @Nullable String node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  ReloadCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Map<String, String> processes =
        node == null
            ? ofDirectory(ConfigurationFlags.load(spec, System.getenv()))
            : Map.of(node, node);
    int worst = ExitCode.OK;
    for (Map.Entry<String, String> one : processes.entrySet()) {
      String name = node == null ? one.getKey() + ": " : "";
      try {
        new NodeClient(one.getValue())
            .post(Reload.PATH, Map.of())
            .lines()
            .forEach(line -> out.println(name + line));
      } catch (CommandException e) {
        worst = e.exitCode();
        String.valueOf(e.getMessage()).lines().forEach(line -> out.println(name + line));
      }
    }
    out.flush();
    return worst;
  }

  private static Map<String, String> ofDirectory(Configuration configuration) {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    Map<String, String> addresses = new LinkedHashMap<>();
    for (String name :
        List.of(NodeParts.PROCESS_NAME, BridgeCommand.PROCESS_NAME, ServeCommand.PROCESS_NAME)) {
      ProcessFile.read(data, name)
          .ifPresent(
              process -> {
                String address = process.addresses().get("http");
                if (address != null) {
                  addresses.put(process.role(), address);
                }
              });
    }
    if (addresses.isEmpty()) {
      throw new CommandException(
          ExitCode.NOT_FOUND,
          "no running process has the data directory "
              + data
              + ": give "
              + Settings.DATA_DIRECTORY.flag()
              + " or --node HOST:PORT (its http.listen address)");
    }
    return addresses;
  }
}
