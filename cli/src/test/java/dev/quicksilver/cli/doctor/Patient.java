package dev.quicksilver.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.cli.process.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Runs {@code doctor} as a user does, on a machine that a test has broken. */
final class Patient {
  /** What came of it. */
  record Examined(int exitCode, String out, String err) {
    Report report() {
      try {
        return Json.MAPPER.readValue(out, Report.class);
      } catch (JsonProcessingException e) {
        throw new AssertionError(out + err, e);
      }
    }

    /** The only finding of this check that is no OK. */
    Report.Line only(String check) {
      List<Report.Line> found =
          report().findings().stream()
              .filter(line -> line.check().equals(check) && !line.level().equals("ok"))
              .toList();
      assertThat(found).as(out).hasSize(1);
      return found.getFirst();
    }

    /** Asserts that the check found an error, and that it is the reason for the exit code. */
    Report.Line error(String check) {
      Report.Line line = only(check);
      assertThat(line.level()).isEqualTo("error");
      assertThat(line.cure()).isNotBlank();
      assertThat(exitCode).isEqualTo(1);
      return line;
    }

    Report.Line warning(String check) {
      Report.Line line = only(check);
      assertThat(line.level()).isEqualTo("warning");
      assertThat(line.cure()).isNotBlank();
      return line;
    }

    /** Asserts that the check found what there is to find, and nothing bad. */
    void sound(String check) {
      List<Report.Line> found =
          report().findings().stream().filter(line -> line.check().equals(check)).toList();
      assertThat(found).as(out).isNotEmpty().allMatch(line -> line.level().equals("ok"));
    }
  }

  private Patient() {}

  static Examined examine(List<String> arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commands = Quicksilver.commandLine();
    commands.setOut(new PrintWriter(out));
    commands.setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of("doctor"));
    all.addAll(arguments);
    int exitCode = commands.execute(all.toArray(String[]::new));
    return new Examined(exitCode, out.toString(), err.toString());
  }
}
