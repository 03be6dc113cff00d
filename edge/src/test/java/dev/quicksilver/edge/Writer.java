package dev.quicksilver.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.JavaCommand;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A process that writes database {@code edge} of a data directory, see {@link WriterProcess}. */
public final class Writer implements AutoCloseable {
  private final Process process;
  private final BufferedWriter commands;
  private final BufferedReader answers;

  private Writer(Process process) {
    this.process = process;
    commands = process.outputWriter();
    answers = process.inputReader();
  }

  /** Starts one and waits until the database is there. */
  public static Writer start(Path data) throws IOException {
    List<String> command = java(WriterProcess.class, data.toString());
    Writer writer =
        new Writer(
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    assertThat(writer.answers.readLine()).isEqualTo("ready");
    return writer;
  }

  /** Returns the command line of a program that opens databases. */
  public static List<String> java(Class<?> main, String... arguments) {
    return JavaCommand.of(main, List.of("-Xmx192m"), List.of(arguments));
  }

  /** Has it do something, and waits until that is done. */
  public void write(String command) throws IOException {
    commands.write(command + "\n");
    commands.flush();
    assertThat(answers.readLine()).isEqualTo("done");
  }

  /** Kills it with SIGKILL. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
