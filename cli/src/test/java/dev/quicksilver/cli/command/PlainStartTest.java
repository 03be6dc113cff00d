package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

final class PlainStartTest {
  @Test
  void understandsTheFlagsOfANode() {
    PlainStart start =
        PlainStart.of(
                "serve",
                "--data-directory=a=b c",
                "--resp-listen",
                "127.0.0.1:7379",
                "--config",
                "serve.toml",
                "--debug",
                "--stop-with-stdin")
            .orElseThrow();
    assertThat(start)
        .isEqualTo(
            new PlainStart(
                Role.SERVE,
                Map.of(Settings.DATA_DIRECTORY, "a=b c", Settings.RESP_LISTEN, "127.0.0.1:7379"),
                Optional.of(Path.of("serve.toml")),
                true,
                true));
    assertThat(PlainStart.of("replica").orElseThrow().role()).isEqualTo(Role.REPLICA);
  }

  @Test
  void leavesTheRestToPicocli() {
    for (String line :
        List.of(
            "",
            "version",
            "get dns key",
            "--debug serve",
            "serve --help",
            "serve -h",
            "serve --data-directory",
            "serve --data-directory=",
            "serve --data-directory --debug",
            "serve --data-directory=a --data-directory=b",
            "serve --config=a --config=b",
            "serve --debug --debug",
            "serve --debug=false",
            "serve --data-directori=a",
            "serve --bridge-listen=127.0.0.1:1",
            "serve @arguments",
            "serve --data-directory @arguments",
            "serve more")) {
      String[] arguments = line.isEmpty() ? new String[0] : line.split(" ", -1);
      assertThat(PlainStart.of(arguments)).as(line).isEmpty();
    }
  }

  @Property(tries = 300)
  void understandsAsPicocliDoes(@ForAll("commandLines") List<String> line) {
    String[] arguments = line.toArray(String[]::new);
    Optional<PlainStart> plain = PlainStart.of(arguments);
    if (plain.isEmpty()) {
      return;
    }
    CommandLine commands = Quicksilver.commandLine();
    ParseResult parsed = commands.parseArgs(arguments).subcommand();
    Map<Setting<?>, String> flags = new HashMap<>();
    for (Setting<?> setting : Settings.of(plain.get().role())) {
      Object value =
          Objects.requireNonNull(parsed.commandSpec().findOption(setting.flag())).getValue();
      if (value != null) {
        flags.put(setting, (String) value);
      }
    }
    OptionSpec file = Objects.requireNonNull(parsed.commandSpec().findOption("--config"));
    assertThat(plain.get())
        .isEqualTo(
            new PlainStart(
                plain.get().role(),
                flags,
                Optional.ofNullable(file.getValue()),
                parsed.hasMatchedOption("--debug"),
                parsed.hasMatchedOption("--stop-with-stdin")));
  }

  @Provide
  Arbitrary<List<String>> commandLines() {
    Arbitrary<String> flag = Arbitraries.of(Settings.all().stream().map(Setting::flag).toList());
    Arbitrary<String> value =
        Arbitraries.of(
            "a", "127.0.0.1:1", "x=y", "\"quoted\"", "'a b'", "${HOME}", "a,b", "#", "é");
    Arbitrary<String> word =
        Arbitraries.frequencyOf(
            Tuple.of(6, flag.flatMap(f -> value.map(v -> f + "=" + v))),
            Tuple.of(
                1, Arbitraries.of("--debug", "--stop-with-stdin", "--config=x", "--config= y")));
    return Arbitraries.of(Role.values())
        .map(Role::command)
        .flatMap(
            role ->
                word.list()
                    .ofMaxSize(3)
                    .map(
                        words -> {
                          List<String> all = new ArrayList<>(words);
                          all.addFirst(role);
                          return all;
                        }));
  }
}
