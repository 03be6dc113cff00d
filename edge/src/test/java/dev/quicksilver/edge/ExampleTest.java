package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page docs/edge-reader.md: its program is one that runs, with the flags that it names. */
final class ExampleTest {
  private static final Path PAGE = Path.of("../docs/edge-reader.md");
  private static final Path PROGRAM = Path.of("src/test/java/example/Redirects.java");

  @TempDir private Path data;

  private static String block(String language) throws IOException {
    var found =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(PAGE));
    assertThat(found.find()).as(language).isTrue();
    return found.group(1);
  }

  @Test
  void thePageHasTheProgramAsItIs() throws IOException {
    assertThat(block("java")).isEqualTo(Files.readString(PROGRAM));
  }

  @Test
  void thePageNamesWhatMavenInstalls() throws IOException {
    String version =
        Pattern.compile("<version>(.*?)</version>")
            .matcher(Files.readString(Path.of("pom.xml")))
            .results()
            .findFirst()
            .orElseThrow()
            .group(1);
    assertThat(block("xml"))
        .contains("<groupId>dev.quicksilver</groupId>")
        .contains("<artifactId>quicksilver-edge</artifactId>")
        .contains("<version>" + version + "</version>");
  }

  @Test
  void theProgramRunsWithTheFlagsOfThePage() throws Exception {
    List<String> flags =
        Arrays.stream(block("text").split("\\s+")).filter(word -> !word.isEmpty()).toList();
    try (Writer writer = Writer.start(data)) {
      writer.write("set www.example.org/a one");
      writer.write("set www.example.org/ab two");
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(flags);
      command.addAll(
          List.of(
              "-cp",
              System.getProperty("java.class.path", "").replace(File.pathSeparator, ":"),
              "example.Redirects",
              data.toString(),
              "edge",
              "www.example.org/a"));
      Process program =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      try (BufferedReader out = program.inputReader(UTF_8)) {
        assertThat(out.readLine()).isEqualTo("www.example.org/a = one");
        assertThat(out.readLine()).isEqualTo("www.example.org/a");
        assertThat(out.readLine()).isEqualTo("www.example.org/ab");
        assertThat(out.readLine()).isEqualTo("2 keys begin so");
        String line = "";
        while (line != null && !line.contains(" SET ")) { // until it listens
          writer.write("set www.example.org/c three");
          line = out.ready() ? out.readLine() : "";
          Thread.sleep(20);
        }
        assertThat(line).matches("\\d+ SET www.example.org/c");
        while (line != null && !line.startsWith("age")) {
          line = out.readLine();
        }
        assertThat(line).isEqualTo("age: not known");
        assertThat(program.waitFor()).isZero();
      } finally {
        program.destroyForcibly();
      }
    }
  }
}
