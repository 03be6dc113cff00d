package dev.quicksilver.ops;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the build has packed, unpacked again. That it installs, upgrades and goes without a trace is
 * tried in a Debian of its own by {@code benchmarks/run ops.package}.
 */
class PackageTest {
  private static final Path MADE =
      Path.of(Objects.requireNonNull(System.getenv("QUICKSILVER_PACKAGES"), "run by Maven only"));
  private static final Path ROOT = MADE.resolve("package/root");

  @TempDir private Path folder;

  /** What a program printed, and how it ended. */
  private record Ended(int code, String output) {}

  @Test
  void theDebianPackageRunsWithoutAnotherJava() throws Exception {
    assumeThat(Files.isExecutable(Path.of("/usr/bin/dpkg-deb")))
        .as("skipped: this machine has no dpkg-deb")
        .isTrue();
    Path deb = made("quicksilver_*.deb");
    require("dpkg-deb", "--extract", deb.toString(), folder.toString());
    Path program = folder.resolve("usr/bin/quicksilver");
    assertThat(require(program.toString(), "version")).startsWith("quicksilver 0.1.0");
    Ended version =
        run(
            Map.of("QUICKSILVER_JAVA_OPTS", "-Xlog:class+load=info:stdout"),
            program.toString(),
            "version");
    assertThat(version.output)
        .as("the cache of classes is used wherever the files are")
        .contains("dev.quicksilver.cli.Quicksilver source: shared objects file");
    Path control = folder.resolve("control");
    require("dpkg-deb", "--control", deb.toString(), control.toString());
    assertThat(control.resolve("conffiles"))
        .content()
        .containsIgnoringNewLines(
            "/etc/quicksilver/bridge.toml",
            "/etc/quicksilver/replica.toml",
            "/etc/quicksilver/root.toml",
            "/etc/quicksilver/serve.toml");
    assertThat(require("dpkg-deb", "--field", deb.toString(), "Version")).startsWith("0.1.0");
  }

  @Test
  void theTarballRunsWhereverItIsUnpacked() throws Exception {
    Path tarball = made("quicksilver-*.tar.gz");
    require("tar", "-xzf", tarball.toString(), "-C", folder.toString());
    Path unpacked = only(folder, "quicksilver-*");
    assertThat(require(unpacked.resolve("quicksilver").toString(), "version"))
        .startsWith("quicksilver 0.1.0");
    assertThat(unpacked.resolve("share/config/root.toml")).isRegularFile();
    assertThat(unpacked.resolve("share/systemd/system/quicksilver-serve@.service")).isRegularFile();
    assertThat(unpacked.resolve("share/systemd/system/quicksilver-serve.socket")).isRegularFile();
  }

  @Test
  void unitsNameWhatThePackageHas() throws IOException {
    try (Stream<Path> units = Files.list(ROOT.resolve("usr/lib/systemd/system"))) {
      for (Path unit : units.toList()) {
        String text = Files.readString(unit);
        String name = unit.toString();
        if (name.endsWith(".socket")) {
          assertThat(Path.of(name.replace(".socket", ".service"))).isRegularFile();
          assertThat(text).as(name).contains("ListenStream=", "FileDescriptorName=");
        } else {
          assertThat(text).as(name).contains("ExecStart=/usr/bin/quicksilver ");
        }
        assertThat(text).as(name).doesNotContain("/opt/", "SKIP_BUILD");
        assertThat(text).contains("Documentation=file:///usr/share/doc/quicksilver/");
      }
    }
    Path documents = ROOT.resolve("usr/share/doc/quicksilver");
    assertThat(documents.resolve("configuration.md")).isRegularFile();
    assertThat(documents.resolve("sql/reference.md")).isRegularFile();
    assertThat(documents.resolve("sql/analysts.md"))
        .content()
        .contains("/usr/share/quicksilver/sql/R__attach_edge.sql");
    assertThat(ROOT.resolve("usr/share/quicksilver/sql/R__attach_edge.sql")).isRegularFile();
    assertThat(ROOT.resolve("usr/share/quicksilver/sql/R__keys.sql")).isRegularFile();
    assertThat(documents.resolve("README.md")).content().contains("](operations.md#installing)");
    assertThat(ROOT.resolve("etc/quicksilver/root.toml"))
        .content()
        .contains("/usr/share/doc/quicksilver/configuration.md");
  }

  @Test
  void eachCommandHasAManualPageThatManUnderstands() throws Exception {
    Path pages = ROOT.resolve("usr/share/man/man1");
    assertThat(pages.resolve("quicksilver.1.gz")).isRegularFile();
    assertThat(pages.resolve("quicksilver-serve.1.gz")).isRegularFile();
    assumeThat(Files.isExecutable(Path.of("/usr/bin/man")))
        .as("half of it skipped: this machine has no man")
        .isTrue();
    try (Stream<Path> all = Files.list(pages)) {
      for (Path page : all.toList()) {
        Ended shown = run(Map.of(), "man", "--warnings=w", "-l", page.toString());
        assertThat(shown.code).as(page + ": " + shown.output).isZero();
        assertThat(shown.output)
            .as(page.toString())
            .contains("NAME", "SYNOPSIS", "--help")
            .doesNotContain("warning:", "${", "%n");
      }
    }
    assertThat(require("man", "-l", pages.resolve("quicksilver-root.1.gz").toString()))
        .contains("--root-window");
  }

  @Test
  void bashCompletesCommands() throws Exception {
    String completions =
        ROOT.resolve("usr/share/bash-completion/completions/quicksilver").toString();
    String script =
        "source '"
            + completions
            + "' && COMP_WORDS=(quicksilver repl) COMP_CWORD=1 COMP_LINE='quicksilver repl'"
            + " && _complete_quicksilver && echo \"${COMPREPLY[@]}\"";
    assertThat(require("bash", "-c", script).strip()).isEqualTo("replica");
  }

  /** But for the cache of classes, which the JVM writes otherwise each time. */
  @Test
  void theSameSourcesGiveTheSameFiles() throws Exception {
    Path again = folder.resolve("root");
    Path sources = MADE.getParent().getParent();
    Assembly.main(
        new String[] {
          sources.toString(),
          sources.resolve("cli/target/quicksilver/lib").toString(),
          again.toString(),
          "2026-01-01T00:00:00Z"
        });
    List<String> different = new ArrayList<>();
    Map<Path, Long> first = files(ROOT);
    Map<Path, Long> second = files(again);
    assertThat(second.keySet()).isEqualTo(first.keySet());
    for (Path file : first.keySet()) {
      if (!file.endsWith("classes.aot")
          && Files.mismatch(ROOT.resolve(file), again.resolve(file)) >= 0) {
        different.add(file.toString());
      }
    }
    assertThat(different).isEmpty();
    second.remove(Path.of("usr/lib/quicksilver/classes.aot"));
    assertThat(second).allSatisfy((file, time) -> assertThat(time).isEqualTo(first.get(file)));
  }

  private static Map<Path, Long> files(Path root) throws IOException {
    Map<Path, Long> files = new HashMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(each), Files.getLastModifiedTime(each).toMillis());
      }
    }
    return files;
  }

  private static Path made(String pattern) throws IOException {
    return only(MADE, pattern);
  }

  private static Path only(Path where, String pattern) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(where, pattern)) {
      all.forEach(found::add);
    }
    assertThat(found).as(pattern + " in " + where).hasSize(1);
    return found.getFirst();
  }

  private static String require(String... command) throws Exception {
    Ended ended = run(Map.of(), command);
    assertThat(ended.code).as(String.join(" ", command) + ": " + ended.output).isZero();
    return ended.output;
  }

  /** Runs a program with what a service has around it: no Java on the path, nothing set. */
  private static Ended run(Map<String, String> variables, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().put("MANWIDTH", "200");
    builder.environment().putAll(variables);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Ended(process.waitFor(), output);
  }
}
