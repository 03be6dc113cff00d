package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.process.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * The driver {@code redis} of Node.js, which npm puts into a folder.
 *
 * @param folder where it is to be
 */
record NodeRedisClient(Path folder) implements RespClient {
  private static final String PACKAGE = "redis@5.12.1";
  private static final String SCRIPT = "node-redis.js";

  /**
   * Installs it.
   *
   * @throws IOException if Node.js or the package cannot be had
   */
  static NodeRedisClient install(Path folder) throws IOException, InterruptedException {
    SystemPackages.attempt(() -> SystemPackages.run(List.of("npm", "--version")), "nodejs", "npm");
    Path to = folder.resolve("node");
    SystemPackages.run(
        List.of(
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            to.toString(),
            PACKAGE));
    try (InputStream in =
        Objects.requireNonNull(NodeRedisClient.class.getResourceAsStream("/clients/" + SCRIPT))) {
      Files.copy(in, to.resolve(SCRIPT));
    }
    return new NodeRedisClient(to);
  }

  @Override
  public String name() {
    return "node-" + PACKAGE;
  }

  @Override
  public List<RespAnswer> run(int port, int protocol, List<RespStep> steps) throws Exception {
    List<String> commands = new ArrayList<>();
    for (RespStep step : steps) {
      commands.add(
          Json.MAPPER.writeValueAsString(
              step.words().stream().map(HexFormat.of()::formatHex).toList()));
    }
    Path asked = Files.write(folder.resolve("commands"), commands);
    Path said = folder.resolve("answers");
    SystemPackages.run(
        List.of(
            "node",
            folder.resolve(SCRIPT).toString(),
            folder.toString(),
            Integer.toString(port),
            Integer.toString(protocol),
            asked.toString(),
            said.toString()));
    List<RespAnswer> answers = new ArrayList<>();
    for (String line : Files.readAllLines(said)) {
      answers.add(answer(Json.MAPPER.readTree(line)));
    }
    return answers;
  }

  private static RespAnswer answer(JsonNode said) {
    if (said.isNull()) {
      return new RespAnswer.None("nothing");
    }
    if (said.isArray()) {
      return group("list", said);
    }
    if (said.has("kind")) {
      return group(said.get("kind").asText(), said.get("parts"));
    }
    if (said.has("number")) {
      return new RespAnswer.Int(said.get("number").asLong());
    }
    if (said.has("error")) {
      return new RespAnswer.Failed(said.get("error").asText());
    }
    String kind = said.has("text") ? "text" : "string";
    return new RespAnswer.Text(kind, said.get(kind).asText());
  }

  private static RespAnswer group(String kind, JsonNode parts) {
    List<RespAnswer> all = new ArrayList<>();
    parts.forEach(part -> all.add(answer(part)));
    // A Map of JavaScript gives its entries as lists of two.
    return new RespAnswer.Group(
        kind,
        kind.equals("Map") ? all.stream().flatMap(one -> one.parts().stream()).toList() : all);
  }
}
