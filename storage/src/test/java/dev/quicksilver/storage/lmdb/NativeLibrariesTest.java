package dev.quicksilver.storage.lmdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.TestDatabases;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeLibrariesTest {
  @TempDir private Path folder;

  @Test
  void takesTheFirstFolderThatCanBeUsed() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Path good = folder.resolve("not/there/yet");
    NativeLibraries.Choice choice =
        NativeLibraries.choose(List.of(file + "/below", "\0", good.toString(), folder.toString()));
    assertThat(choice.folder()).contains(good);
    assertThat(choice.refused()).hasSize(2).first().asString().contains(file.toString());
    assertThat(good).isEmptyDirectory();
    assertThat(NativeLibraries.choose(List.of(file.toString())).folder()).isEmpty();
  }

  @Test
  void saysWhereAProcessWouldUnpackThem() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThat(NativeLibraries.folderAfter(folder)).isEqualTo(folder);
    assertThat(NativeLibraries.folderAfter(file.resolve("below")))
        .isNotEqualTo(file.resolve("below"))
        .isDirectory();
    assertThat(folder)
        .isDirectoryContaining(file::equals)
        .isDirectoryNotContaining("glob:**.probe");
  }

  /** Opens an environment, and so loads LMDB, jffi and Snappy. */
  public static final class Program {
    private Program() {}

    /** Takes the folder of a new database. */
    public static void main(String[] arguments) {
      try (Database database = TestDatabases.create(Path.of(arguments[0]))) {
        TestDatabases.commit(database, 1, "key=" + "value".repeat(1_000));
        System.out.println("pairs " + TestDatabases.content(database).size());
      }
    }
  }

  @Test
  void aTemporaryFolderThatForbidsToExecuteHasNoEffect() throws Exception {
    Path other = Files.createDirectory(folder.resolve("cache"));
    String printed = runWithNoexec(other);
    assertThat(printed).contains("pairs 1").doesNotContain("Exception");
  }

  @Test
  void whereNothingMayBeExecutedTheErrorNamesFoldersAndCure() throws Exception {
    String printed = runWithNoexec(folder.resolve("noexec"));
    assertThat(printed)
        .contains(folder.resolve("noexec") + " is mounted noexec")
        .contains("-Djava.io.tmpdir=");
  }

  private static boolean maySucceed(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    }
  }

  /** Mounts a file system in a mount namespace of its own, which ends with the process. */
  private String runWithNoexec(Path cache) throws Exception {
    Path noexec = Files.createDirectories(folder.resolve("noexec"));
    String mount = "mount -t tmpfs -o noexec tmpfs " + noexec;
    assumeTrue(
        maySucceed("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount),
        "skipped: this user may not mount a file system in a namespace of its own");
    List<String> command =
        new ArrayList<>(List.of("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"));
    command.add(mount + " && exec \"$@\"");
    command.add("sh");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow"));
    command.add("-Djava.io.tmpdir=" + noexec);
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Program.class.getName());
    command.add(folder.resolve("database").toString());
    File output = folder.resolve("output").toFile();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("XDG_CACHE_HOME", cache.toString());
    builder.redirectOutput(output).start().waitFor();
    return Files.readString(output.toPath());
  }
}
