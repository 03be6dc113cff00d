package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.fixtures.JavaCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NicenessTest {
  private static final int NICE = 19;

  /** The process: prints the niceness of each of its threads. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Niceness.atLeast(Integer.parseInt(arguments[0]));
    Niceness.atLeast(1); // which is less
    Thread later = Thread.ofPlatform().start(NicenessTest::print);
    later.join();
  }

  private static void print() {
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        String statistics = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1);
        // After the name in brackets comes field 3; niceness is field 19 (proc_pid_stat(5)).
        System.out.println(
            statistics.substring(statistics.lastIndexOf(')') + 2).split(" ", -1)[16]);
      }
    } catch (IOException e) {
      System.out.println(e);
    }
  }

  @Test
  void makesEveryThreadNice() throws IOException {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/task")), "only Linux lists threads");
    List<String> command =
        JavaCommand.of(NicenessTest.class, List.of(), List.of(Integer.toString(NICE)));
    Process process = new ProcessBuilder(command).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(said.lines()).hasSizeGreaterThan(2).containsOnly(Integer.toString(NICE));
  }
}
