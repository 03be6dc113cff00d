package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What READMEs, docs and package descriptions name must be there: names outlive what they name. */
final class DocumentationTest {
  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|record|interface|enum|alert:)\\s+(\\w+)");
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`|\\{@(?:code|link) ([^}]+)}");
  private static final Pattern CAMEL = Pattern.compile("\\b[A-Z][a-z]+(?:[A-Z][a-z0-9]*)+\\b");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)");
  private static final Pattern MIGRATION = Pattern.compile("\\bV\\d+\\b");

  /** Of the JDK, of PostgreSQL, of Linux and of systemd. */
  private static final Set<String> OTHERS =
      Set.of(
          "SocketFactory",
          "SocketChannel",
          "StandardProtocolFamily",
          "SyncRep",
          "RssAnon",
          "MemoryMax",
          "ListenStream",
          "FileDescriptorName",
          "SocketMode",
          "NonBlocking");

  private static final List<Path> FILES = new ArrayList<>();

  @BeforeAll
  static void find() throws IOException {
    FILES.addAll(Checkout.files());
  }

  private static List<Path> files(String... endings) {
    return FILES.stream()
        .filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
        .toList();
  }

  @Test
  void namesOfClassesAndAlertsAreThere() throws IOException {
    Set<String> known = new HashSet<>(OTHERS);
    for (Path file : files(".java", ".rules.yml")) {
      DECLARED.matcher(Files.readString(file)).results().map(m -> m.group(1)).forEach(known::add);
    }
    List<String> unknown = new ArrayList<>();
    for (Path file : files(".md", "package-info.java")) {
      Matcher code = CODE.matcher(Files.readString(file));
      while (code.find()) {
        CAMEL
            .matcher(code.group())
            .results()
            .map(name -> name.group())
            .filter(name -> !known.contains(name))
            .forEach(name -> unknown.add(file + ": " + name));
      }
    }
    assertThat(unknown).as("named, but not there").isEmpty();
  }

  @Test
  void linksLeadToFiles() throws IOException {
    List<Path> documents = files(".md");
    assertThat(documents).hasSizeGreaterThan(20);
    List<String> broken = new ArrayList<>();
    for (Path file : documents) {
      Matcher link = LINK.matcher(Files.readString(file));
      while (link.find()) {
        if (!Files.exists(file.resolveSibling(link.group(1)))) {
          broken.add(file + ": " + link.group(1));
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void everyMigrationIsDescribedAndNoOther() throws IOException {
    List<String> described =
        MIGRATION
            .matcher(Files.readString(Checkout.HOME.resolve("migrations/README.md")))
            .results()
            .map(version -> version.group())
            .distinct()
            .toList();
    assertThat(described)
        .containsExactlyInAnyOrderElementsOf(
            files(".sql").stream()
                .map(file -> file.getFileName().toString())
                .filter(name -> name.matches("V\\d+__.*"))
                .map(name -> name.substring(0, name.indexOf('_')))
                .toList());
  }
}
