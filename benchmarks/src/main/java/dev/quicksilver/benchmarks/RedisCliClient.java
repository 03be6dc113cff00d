package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.process.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * redis-cli, which reads commands from its input; its answers as JSON, or as people see them.
 *
 * @param folder for its input and output
 */
record RedisCliClient(Path folder, boolean json) implements RespClient {
  /** Ends what a command prints, since that can have any number of lines. */
  private static final String MARK = "end-of-the-answer-";

  /** What redis-cli does itself, or with its own idea of it. */
  private static final Set<String> ITS_OWN = Set.of("HELLO", "SUBSCRIBE", "PSUBSCRIBE", "AUTH");

  @Override
  public String name() throws IOException, InterruptedException {
    return SystemPackages.run(List.of("redis-cli", "--version")).strip()
        + (json ? " --json" : " --no-raw");
  }

  @Override
  public boolean sends(RespStep step) {
    String command = new String(step.words().getFirst(), ISO_8859_1).toUpperCase(Locale.ROOT);
    return !ITS_OWN.contains(command) && !command.isEmpty() && (json || step.isWhole());
  }

  @Override
  public List<RespAnswer> run(int port, int protocol, List<RespStep> steps) throws Exception {
    var input = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      input.append(line(steps.get(i))).append('\n');
      input.append("ECHO ").append(MARK).append(i).append('\n');
    }
    Path commands = Files.writeString(folder.resolve("commands"), input, ISO_8859_1);
    Path output = folder.resolve("answers");
    Process process =
        new ProcessBuilder(
                "redis-cli",
                "-p",
                Integer.toString(port),
                "-" + protocol,
                json ? "--json" : "--no-raw")
            .redirectInput(commands.toFile())
            .redirectOutput(output.toFile())
            .redirectErrorStream(true)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException("redis-cli failed, see " + output);
    }
    List<RespAnswer> answers = new ArrayList<>();
    var said = new StringBuilder();
    for (String line : Files.readString(output, ISO_8859_1).split("\n", -1)) {
      if (line.equals("\"" + MARK + answers.size() + "\"")) {
        answers.add(json ? parsed(said.toString()) : new RespAnswer.Text("lines", said.toString()));
        said.setLength(0);
      } else {
        said.append(line).append('\n');
      }
    }
    return answers;
  }

  /** A command as redis-cli reads it. */
  private static String line(RespStep step) {
    var line = new StringBuilder();
    for (byte[] word : step.words()) {
      line.append('"');
      for (byte each : word) {
        int code = each & 0xFF;
        if (code > ' ' && code < 127 && code != '"' && code != '\\') {
          line.append((char) code);
        } else {
          line.append("\\x").append(String.format(Locale.ROOT, "%02x", code));
        }
      }
      line.append("\" ");
    }
    return line.toString();
  }

  private static RespAnswer parsed(String said) {
    String text = said.strip();
    try {
      return text.startsWith("error:")
          ? new RespAnswer.Failed(Json.MAPPER.readTree(text.substring(6)).asText())
          : answer(Json.MAPPER.readTree(text));
    } catch (JsonProcessingException e) {
      return new RespAnswer.Text("no JSON", text); // it has errors of its own, too
    }
  }

  private static RespAnswer answer(JsonNode said) {
    if (said.isNull()) {
      return new RespAnswer.None("nothing");
    }
    if (said.isObject()) {
      List<RespAnswer> parts = new ArrayList<>();
      for (var field : said.properties()) {
        parts.add(new RespAnswer.Text("text", field.getKey()));
        parts.add(answer(field.getValue()));
      }
      return new RespAnswer.Group("map", parts);
    }
    if (said.isArray()) {
      return new RespAnswer.Group(
          "list",
          StreamSupport.stream(said.spliterator(), false).map(RedisCliClient::answer).toList());
    }
    return said.isNumber()
        ? new RespAnswer.Int(said.asLong())
        : new RespAnswer.Text("text", said.asText());
  }
}
