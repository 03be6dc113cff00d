package dev.quicksilver.storage.lmdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.TestDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.TargetName;

final class LmdbLibraryTest {
  @TempDir private Path folder;

  /** A process in which nothing of LMDB has been used yet. */
  public static final class Program {
    private Program() {}

    /** Takes a database to read, and the folder of one to make; or nothing. */
    public static void main(String[] arguments) throws IOException {
      if (arguments.length == 0) {
        System.out.println(TargetName.RESOLVED_FILENAME);
        return;
      }
      try (Database read = Database.openReadOnly(Path.of(arguments[0]), TestDatabases.FAST)) {
        System.out.println("read " + TestDatabases.content(read).size());
        System.out.println("lmdb " + mapped("lmdb") + ", jffi " + mapped("jffi"));
        try (Database made = TestDatabases.create(Path.of(arguments[1]))) {
          TestDatabases.commit(made, 1, "key=value", "other=value");
          System.out.println("written " + TestDatabases.content(made).size());
        }
        System.out.println("lmdb " + mapped("lmdb") + ", jffi " + mapped("jffi"));
        System.out.println("read " + TestDatabases.content(read).size());
      }
    }

    /** Counts the libraries with a name that this process has loaded. */
    private static long mapped(String name) throws IOException {
      return Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .map(line -> line.split(" +", 6))
          .filter(words -> words.length == 6 && words[5].contains(name))
          .filter(words -> words[5].contains(".so"))
          .map(words -> words[4])
          .distinct()
          .count();
    }
  }

  private static String run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Program.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whoOnlyReadsDoesWithoutLmdbjavaAndWhoWritesHasOneLibrary() throws Exception {
    Path read = folder.resolve("read");
    try (Database database = TestDatabases.create(read)) {
      TestDatabases.commit(database, 1, "key=value");
    }
    assertThat(run(read.toString(), folder.resolve("made").toString()).lines())
        .containsExactly("read 1", "lmdb 1, jffi 0", "written 2", "lmdb 1, jffi 1", "read 1");
  }

  @Test
  void theLibraryIsTheOneThatLmdbjavaWouldTake() throws Exception {
    assertThat(run().strip())
        .isEqualTo(
            LmdbLibrary.resource(System.getProperty("os.arch"), System.getProperty("os.name")));
  }
}
