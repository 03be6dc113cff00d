package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.Pair;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Prints one value. */
@Command(
    name = "get",
    description = "Prints the value of a key as it is, from a data directory or a running node.")
public final class GetCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DATABASE", description = "The database's name.")
  private String database;

  @Parameters(paramLabel = "KEY", description = "The key, in UTF-8.")
  private String key;

  @Mixin private NodeFlags node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  GetCommand() {}

  @Override
  public Integer call() {
    byte[] value = node.named().map(this::remote).orElseGet(this::local);
    System.out.write(value, 0, value.length);
    System.out.println();
    return ExitCode.OK;
  }

  private byte[] local() {
    try (LocalDatabase opened = LocalDatabase.open(node.configuration(), database);
        Snapshot snapshot = opened.requireServed().database().snapshot()) {
      Pair pair = snapshot.get(key.getBytes(StandardCharsets.UTF_8));
      if (pair == null) {
        throw new CommandException(
            ExitCode.NOT_FOUND, "there is no key \"" + key + "\" in " + database);
      }
      return pair.value();
    }
  }

  private byte[] remote(NodeClient client) {
    return client.get("/get", Map.of("database", database, "key", key)).body();
  }
}
