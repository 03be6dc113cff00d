package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The script {@code quicksilver} in a checkout of its own, with a Maven that makes a jar of one
 * small program instead of building.
 */
@Execution(ExecutionMode.CONCURRENT)
final class LauncherTest {
  /** Says when it is ready, and then loads a class for each line that it reads. */
  private static final String PROGRAM =
      """
      package dev.quicksilver.cli;

      public final class Quicksilver {
        public static void main(String[] arguments) throws Exception {
          System.out.println("VERSION " + java.util.List.of(arguments));
          if (arguments.length > 0 && arguments[0].equals("file")) {
            System.out.println(java.nio.file.Files.exists(java.nio.file.Path.of(arguments[1])));
          }
          while (arguments.length > 0 && arguments[0].equals("wait") && System.in.read() == '\\n') {
            System.out.println(Late.WORD);
          }
        }
      }
      """;

  private static final String LATE =
      """
      package dev.quicksilver.cli;

      final class Late {
        static final String WORD = new String("late VERSION");
      }
      """;

  /**
   * What the launcher runs after a build; fails if it hears of anything that is set for a start.
   */
  private static final String REHEARSAL =
      """
      package dev.quicksilver.cli;

      public final class Rehearsal {
        public static void main(String[] arguments) throws Exception {
          for (String name : System.getenv().keySet()) {
            if (name.startsWith("QUICKSILVER_") || name.endsWith("JAVA_OPTIONS") || name.equals("JAVA_TOOL_OPTIONS")) {
              System.out.println("heard " + name);
              System.exit(1);
            }
          }
          java.nio.file.Path data = java.nio.file.Path.of(arguments[1]);
          if (arguments[0].equals("fill")) {
            java.nio.file.Files.createDirectory(data);
          } else if (java.nio.file.Files.isDirectory(data)) {
            Quicksilver.main(new String[0]);
          }
          System.exit("VERSION".equals("hoarse") && arguments[0].equals("serve") ? 1 : 0);
        }
      }
      """;

  /** Prints where each class comes from, and what the JVM says of its cache. */
  private static final String TELL = "-Xlog:class+load,aot*=warning,cds*=warning";

  private static final String CACHED = "dev.quicksilver.cli.Quicksilver source: shared objects";

  @TempDir private Path folder;
  private Path home;
  private Path calls;

  @BeforeEach
  void checkOut() throws IOException {
    home = Files.createDirectory(folder.resolve("checkout"));
    calls = folder.resolve("calls");
    Files.copy(Path.of("../quicksilver"), home.resolve("quicksilver"));
    for (String module : List.of("cli", "sql")) {
      Files.createDirectories(home.resolve(module).resolve("src/main/java"));
      Files.writeString(home.resolve(module).resolve("pom.xml"), "<project/>\n");
    }
    Files.writeString(
        home.resolve("pom.xml"), "<quicksilver.jvm.flags>-Da=b</quicksilver.jvm.flags>\n");
    Files.writeString(home.resolve("cli/src/main/java/Source.java"), "// a source\n");
    age(home);
    newVersion("one");
    Path maven = Files.createDirectory(folder.resolve("bin")).resolve("mvn");
    Files.writeString(
        maven,
        """
        #!/bin/sh
        # Each module gets its target, as Maven makes it; what it collects is written over in place.
        echo called >>"%1$s"
        mkdir -p sql/target cli/target/quicksilver/lib
        cat "%2$s" >cli/target/quicksilver/lib/cli.jar
        """
            .formatted(calls, folder.resolve("next.jar")));
    assertThat(maven.toFile().setExecutable(true)).isTrue();
  }

  /** Everything is older than any build. */
  private static void age(Path tree) throws IOException {
    FileTime old = FileTime.from(Instant.now().minusSeconds(3_600));
    try (Stream<Path> walk = Files.walk(tree, FileVisitOption.FOLLOW_LINKS)) {
      for (Path each : walk.toList()) {
        Files.setLastModifiedTime(each, old);
      }
    }
  }

  /** Compiles what the next call of Maven brings. */
  private void newVersion(String version) throws IOException {
    Path sources = Files.createDirectories(folder.resolve("version-" + version));
    Path main = sources.resolve("Quicksilver.java");
    Path late = sources.resolve("Late.java");
    Path rehearsal = sources.resolve("Rehearsal.java");
    Files.writeString(main, PROGRAM.replace("VERSION", version));
    Files.writeString(late, LATE.replace("VERSION", version));
    Files.writeString(rehearsal, REHEARSAL.replace("VERSION", version));
    String[] options = {
      "-d", sources.toString(), main.toString(), late.toString(), rehearsal.toString()
    };
    int failed = ToolProvider.getSystemJavaCompiler().run(null, null, null, options);
    assertThat(failed).isZero();
    try (OutputStream file = Files.newOutputStream(folder.resolve("next.jar"));
        JarOutputStream jar = new JarOutputStream(file)) {
      for (String name : List.of("Quicksilver", "Late", "Rehearsal")) {
        String entry = "dev/quicksilver/cli/" + name + ".class";
        jar.putNextEntry(new JarEntry(entry));
        jar.write(Files.readAllBytes(sources.resolve(entry)));
        jar.closeEntry();
      }
    }
  }

  private ProcessBuilder launcher(Map<String, String> environment, String... arguments) {
    ProcessBuilder builder = new ProcessBuilder(home.resolve("quicksilver").toString());
    builder.command().addAll(List.of(arguments));
    // JAVA_TOOL_OPTIONS and its like make the JVM print what it picked up.
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("QUICKSILVER_") || name.matches("J.*_OPTIONS"));
    builder.environment().put("QUICKSILVER_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().merge("PATH", "", (path, _) -> folder.resolve("bin") + ":" + path);
    builder.environment().putAll(environment);
    return builder.redirectErrorStream(true);
  }

  private String run(Map<String, String> environment, String... arguments) throws Exception {
    Process process = launcher(environment, arguments).start();
    process.getOutputStream().close();
    try (InputStream output = process.getInputStream()) {
      String printed = new String(output.readAllBytes(), UTF_8);
      assertThat(process.waitFor()).as(printed).isZero();
      return printed;
    }
  }

  private List<String> builds() throws IOException {
    return Files.readAllLines(calls);
  }

  @Test
  void onlyANewerSourceMakesALaterStartBuild() throws Exception {
    assertThat(run(Map.of(), "a", "b c")).contains("building").endsWith("one [a, b c]\n");
    assertThat(run(Map.of())).isEqualTo("one []\n");
    assertThat(builds()).hasSize(1);

    newVersion("two");
    Files.writeString(home.resolve("sql/src/main/java/Source.java"), "// newer\n");
    assertThat(run(Map.of("QUICKSILVER_SKIP_BUILD", "1"))).isEqualTo("one []\n");
    assertThat(run(Map.of())).endsWith("two []\n");
    assertThat(run(Map.of())).isEqualTo("two []\n");
    assertThat(builds()).hasSize(2);
  }

  @Test
  void aBuildMakesACacheThatStartsUseIfItFits() throws Exception {
    Map<String, String> ofANode = // which the rehearsal is not
        Map.of("QUICKSILVER_CONFIG", "/none.toml", "QUICKSILVER_RESP_UNIX_SOCKET", "/none/socket");
    assertThat(run(ofANode)).endsWith("one []\n").doesNotContain("longer");
    Path build = folders(home.resolve("cli/target/builds")).getFirst();
    Path cache = build.resolve("classes.aot");
    assertThat(build.resolve("rehearsal")).doesNotExist();
    Map<String, String> tell = Map.of("QUICKSILVER_JAVA_OPTS", TELL);
    assertThat(run(tell)).contains(CACHED, "one []\n");
    Path jar = build.resolve("lib/cli.jar");
    FileTime made = Files.getLastModifiedTime(jar);
    Files.setLastModifiedTime(jar, FileTime.from(made.toInstant().plusSeconds(10)));
    assertThat(run(tell)).doesNotContain(CACHED).contains("one []\n");
    assertThat(run(Map.of())).as("another jar").isEqualTo("one []\n");
    Files.setLastModifiedTime(jar, made);
    assertThat(run(tell)).contains(CACHED);

    byte[] whole = Files.readAllBytes(cache);
    Files.write(cache, Arrays.copyOf(whole, whole.length / 2));
    assertThat(run(Map.of())).as("a cache cut short").isEqualTo("one []\n");
    Files.writeString(cache, "no cache");
    assertThat(run(Map.of())).as("no cache").isEqualTo("one []\n");
    Files.delete(cache);
    assertThat(run(Map.of())).as("none").isEqualTo("one []\n");
  }

  @Test
  void whoeverNamesACacheOfTheirOwnStartsWithoutTheBuilds() throws Exception {
    assertThat(run(Map.of())).doesNotContain("longer");
    Path words = Files.writeString(folder.resolve("words"), "-Xshare:off\n");
    Path list = folder.resolve("list");
    List<String> options =
        List.of(
            "-Xshare:off",
            "-Da=b\t-Xshare:auto",
            "-XX:SharedArchiveFile=" + folder.resolve("none"),
            "-XX:DumpLoadedClassList=" + list,
            "-XX:VMOptionsFile=" + words);
    List<String> variables =
        List.of("QUICKSILVER_JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");
    for (String variable : variables) {
      for (String option : options) {
        String printed = run(Map.of(variable, option), "a");
        assertThat(printed).as("%s=%s", variable, option).endsWith("one [a]\n");
      }
    }
    Map<String, String> others =
        Map.of(
            "QUICKSILVER_JAVA_OPTS", "@" + words,
            "JDK_JAVA_OPTIONS", "@" + words,
            "JAVA_TOOL_OPTIONS", "'-Xsh'are:off");
    for (Map.Entry<String, String> other : others.entrySet()) {
      assertThat(run(Map.ofEntries(other))).as(other.toString()).endsWith("one []\n");
    }

    Map<String, String> harmless =
        Map.of(
            "QUICKSILVER_JAVA_OPTS", TELL,
            "JAVA_TOOL_OPTIONS", "-Duser=a@b -Xmx100m",
            "JDK_JAVA_OPTIONS", "'-Dname=a b'");
    assertThat(run(harmless)).contains(CACHED, "one []\n");
  }

  @Test
  void whatIsSetForTheStartThatBuildsIsNotMeantForTheRehearsal() throws Exception {
    Map<String, String> set =
        Map.of(
            "QUICKSILVER_CONFIG", "/etc/node.toml",
            "QUICKSILVER_RESP_UNIX_SOCKET", "/run/a socket",
            "QUICKSILVER_RESP_PASSWORD", "two\nlines",
            "QUICKSILVER_no.name-of-a-shell", "1",
            "QUICKSILVER_JAVA_OPTS", "-Xmx100m",
            "JAVA_TOOL_OPTIONS", "-Xshare:off",
            "JDK_JAVA_OPTIONS", "-Dc=d",
            "_JAVA_OPTIONS", "-De=f");
    assertThat(run(set)).endsWith("one []\n").doesNotContain("longer");
    assertThat(run(Map.of("QUICKSILVER_JAVA_OPTS", TELL))).contains(CACHED);
  }

  @Test
  void aRehearsalThatFailsCostsTheCacheAlone() throws Exception {
    newVersion("hoarse");
    assertThat(run(Map.of()))
        .contains("quicksilver: starts will take longer")
        .endsWith("hoarse []\n");
    assertThat(home.resolve("cli/target/rehearsal.log")).content().contains("hoarse []");
    Path build = folders(home.resolve("cli/target/builds")).getFirst();
    try (Stream<Path> files = Files.list(build)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("built", "jvm.flags", "lib");
    }
    assertThat(run(Map.of())).isEqualTo("hoarse []\n");
  }

  @Test
  void aLaterBuildLeavesWhatAProcessRunsFrom() throws Exception {
    Process first = launcher(Map.of(), "wait").start();
    try (BufferedReader output = first.inputReader(UTF_8)) {
      String line = output.readLine();
      while (line != null && !line.startsWith("one")) {
        line = output.readLine();
      }
      assertThat(line).isEqualTo("one [wait]");

      newVersion("two");
      Files.writeString(home.resolve("cli/src/main/java/Source.java"), "// newer\n");
      assertThat(run(Map.of())).endsWith("two []\n");
      first.outputWriter(UTF_8).append("\n").flush();
      assertThat(output.readLine()).isEqualTo("late one");
    } finally {
      first.destroy();
      first.waitFor();
    }
    Path all = home.resolve("cli/target/builds");
    assertThat(folders(all)).hasSize(2);
    newVersion("three");
    Files.writeString(home.resolve("cli/src/main/java/Source.java"), "// newest\n");
    assertThat(run(Map.of())).endsWith("three []\n");
    assertThat(folders(all))
        .as("nobody runs the older ones any more, where that can be known")
        .hasSize(onPath("flock") ? 1 : 3);
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static List<Path> folders(Path in) throws IOException {
    try (Stream<Path> list = Files.list(in)) {
      return list.filter(Files::isDirectory).toList();
    }
  }

  @Test
  void aLocaleWithoutUmlautsHasNoEffectOnPaths() throws Exception {
    Path file = Files.writeString(folder.resolve("Gerät"), "here");
    for (String locale : List.of("C", "POSIX", "C.UTF-8")) {
      String printed = run(Map.of("LC_ALL", locale), "file", file.toString());
      assertThat(printed).as(locale).endsWith("true\n").contains("Gerät");
    }
  }
}
