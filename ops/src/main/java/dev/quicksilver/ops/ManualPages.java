package dev.quicksilver.ops;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The manual pages of the commands, in the macros of man(7), from what picocli knows of them.
 * Picocli itself makes AsciiDoc, of which only a Ruby program makes a page: a whole JRuby in the
 * build, for these few macros.
 */
final class ManualPages {
  private final StringBuilder page = new StringBuilder();

  private ManualPages() {}

  /** Returns each page by its name, as in {@code man quicksilver-root}. */
  static Map<String, String> of(CommandLine commands) {
    Map<String, String> pages = new TreeMap<>();
    pages.put(name(commands), new ManualPages().page(commands));
    for (CommandLine command : commands.getSubcommands().values()) {
      if (!command.getCommandSpec().usageMessage().hidden()) {
        pages.put(name(command), new ManualPages().page(command));
      }
    }
    return pages;
  }

  private static String name(CommandLine command) {
    return command.getCommandSpec().qualifiedName("-");
  }

  private String page(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    List<String> description = List.of(spec.usageMessage().description());
    Object[] none = {};
    macro("TH", name(command).toUpperCase(Locale.ROOT), "1", "", "Quicksilver");
    macro("SH", "NAME");
    String first = description.isEmpty() ? "" : String.format(description.getFirst(), none);
    text(name(command) + " - " + firstSentence(first));
    macro("SH", "SYNOPSIS");
    text(new Help(spec, Help.defaultColorScheme(Help.Ansi.OFF)).synopsis(0).strip());
    macro("SH", "DESCRIPTION");
    for (String paragraph : description) {
      macro("PP");
      text(String.format(paragraph, none));
    }
    arguments(spec);
    commands(command);
    macro("SH", "SEE ALSO");
    text(
        spec.parent() == null
            ? "/usr/share/doc/quicksilver/README.md"
            : spec.root().name() + "(1), /usr/share/doc/quicksilver/operations.md");
    return page.toString();
  }

  private static String firstSentence(String text) {
    int end = text.indexOf(". ");
    return (end < 0 ? text : text.substring(0, end)).replaceAll("\\.$", "");
  }

  private void arguments(CommandSpec spec) {
    if (spec.positionalParameters().stream().anyMatch(each -> !each.hidden())) {
      macro("SH", "ARGUMENTS");
      for (PositionalParamSpec parameter : spec.positionalParameters()) {
        if (!parameter.hidden()) {
          macro("TP");
          text(parameter.paramLabel());
          description(parameter);
        }
      }
    }
    macro("SH", "OPTIONS");
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        macro("TP");
        String value = option.arity().max() > 0 ? " " + option.paramLabel() : "";
        text(String.join(", ", option.names()) + value);
        description(option);
      }
    }
  }

  private void description(ArgSpec argument) {
    Object[] none = {};
    String value = String.valueOf(argument.defaultValueString());
    text(
        String.format(
            String.join(" ", argument.description())
                .replace("${DEFAULT-VALUE}", value.replace("%", "%%")),
            none));
  }

  private void commands(CommandLine command) {
    if (!command.getSubcommands().isEmpty()) {
      macro("SH", "COMMANDS");
      for (CommandLine sub : command.getSubcommands().values()) {
        CommandSpec spec = sub.getCommandSpec();
        if (!spec.usageMessage().hidden()) {
          macro("TP");
          text(spec.qualifiedName("-") + "(1)");
          text(firstSentence(String.join(" ", spec.usageMessage().description())) + ".");
        }
      }
    }
  }

  private void macro(String name, String... arguments) {
    page.append('.').append(name);
    for (String argument : arguments) {
      page.append(" \"").append(escaped(argument)).append('"');
    }
    page.append('\n');
  }

  private void text(String text) {
    String escaped = escaped(text.replaceAll("\\s*\\R\\s*", " ").strip());
    boolean control = escaped.startsWith(".") || escaped.startsWith("'");
    page.append(control ? "\\&" : "").append(escaped).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\"", "\\(dq");
  }
}
