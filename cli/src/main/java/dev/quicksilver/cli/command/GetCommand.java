package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.Pair;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints one value. */
@Command(
    name = "get",
    description = "Prints the value of a key as it is, from a data directory or a running node.")
public final class GetCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Parameters(paramLabel = "KEY", description = "The key, in UTF-8.")
  private String key;

  @Option(
      names = "--node",
      paramLabel = "HOST:PORT",
      description = "Ask the node with this http.listen address instead of the data directory.")
  private @Nullable String node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  GetCommand() {}

  @Override
  public Integer call() {
    byte[] value = node == null ? local() : remote(node);
    System.out.write(value, 0, value.length);
    System.out.println();
    return ExitCode.OK;
  }

  private byte[] local() {
    Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
    try (LocalDatabase opened = LocalDatabase.open(configuration, database);
        Snapshot snapshot = opened.requireServed().database().snapshot()) {
      Pair pair = snapshot.get(key.getBytes(StandardCharsets.UTF_8));
      if (pair == null) {
        throw new CommandException(
            ExitCode.NOT_FOUND, "there is no key \"" + key + "\" in " + database);
      }
      return pair.value();
    }
  }

  private byte[] remote(String address) {
    return new NodeClient(address).get("/get", Map.of("database", database, "key", key)).body();
  }
}
