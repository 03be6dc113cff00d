package dev.quicksilver.cli.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How the text of a setting is read. Every source (file, environment, flag) is brought into the
 * same text form first, so that a value means the same wherever it stands.
 *
 * @param <T> what a value is in the program
 */
public sealed interface SettingType<T> {
  /**
   * Returns the value.
   *
   * @throws IllegalArgumentException if the text is not one; the caller adds {@link #describe()}
   */
  T parse(String text);

  /** Returns what is valid, to follow "must be": "a whole number from 1 to 100". */
  String describe();

  /** Returns whether the value must never be printed. */
  default boolean isSecret() {
    return false;
  }

  /** Text that is not empty and has no control characters. */
  record Text(String what, boolean isSecret) implements SettingType<String> {
    @Override
    public String parse(String text) {
      if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException();
      }
      return text;
    }

    @Override
    public String describe() {
      return what;
    }
  }

  /** A file or directory; a leading {@code ~/} is the user's home. */
  record File() implements SettingType<Path> {
    @Override
    public Path parse(String text) {
      if (text.isBlank()) {
        throw new IllegalArgumentException();
      }
      return text.startsWith("~/")
          ? Path.of(System.getProperty("user.home"), text.substring(2))
          : Path.of(text);
    }

    @Override
    public String describe() {
      return "a path";
    }
  }

  /** A whole number, both bounds included. */
  record Whole(int least, int most) implements SettingType<Integer> {
    @Override
    public Integer parse(String text) {
      int value = Integer.parseInt(text.replace("_", ""));
      if (value < least || value > most) {
        throw new IllegalArgumentException();
      }
      return value;
    }

    @Override
    public String describe() {
      return "a whole number from " + least + " to " + most;
    }
  }

  /** Yes or no. */
  record Flag() implements SettingType<Boolean> {
    @Override
    public Boolean parse(String text) {
      return switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new IllegalArgumentException();
      };
    }

    @Override
    public String describe() {
      return "true or false";
    }
  }

  /** A time span with its unit, both bounds included. */
  record Span(String least, String most) implements SettingType<Duration> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})\\s*(ms|s|min|h|d)");

    @Override
    public Duration parse(String text) {
      Duration value = read(text);
      if (value.compareTo(read(least)) < 0 || value.compareTo(read(most)) > 0) {
        throw new IllegalArgumentException();
      }
      return value;
    }

    @Override
    public String describe() {
      return "a time from " + least + " to " + most + " with its unit (ms, s, min, h, d)";
    }

    private static Duration read(String text) {
      if (text.equals("0")) {
        return Duration.ZERO;
      }
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new IllegalArgumentException();
      }
      long number = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(number);
        case "s" -> Duration.ofSeconds(number);
        case "min" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default -> Duration.ofDays(number);
      };
    }
  }

  /** {@code host:port}. */
  record Address(int leastPort) implements SettingType<Endpoint> {
    @Override
    public Endpoint parse(String text) {
      int colon = text.lastIndexOf(':');
      String host = text.substring(0, Math.max(colon, 0));
      boolean bracketed = host.startsWith("[") && host.endsWith("]") && host.length() > 2;
      if (bracketed) {
        host = host.substring(1, host.length() - 1);
      }
      int port = Integer.parseInt(text.substring(colon + 1));
      boolean validHost = !host.isBlank() && (bracketed || !host.contains(":"));
      if (!validHost || port < leastPort || port > 65_535) {
        throw new IllegalArgumentException();
      }
      return new Endpoint(host, port);
    }

    @Override
    public String describe() {
      return "host:port with a port from " + leastPort + " to 65535 (127.0.0.1:7400, [::1]:7400)";
    }
  }

  /** {@code host:port} of another node, perhaps with its name: {@code name@host:port}. */
  record Node() implements SettingType<NodeAddress> {
    private static final Address ADDRESS = new Address(1);

    @Override
    public NodeAddress parse(String text) {
      int at = text.lastIndexOf('@');
      String name = text.substring(0, Math.max(at, 0)).strip();
      if (at >= 0 && name.isEmpty()) {
        throw new IllegalArgumentException();
      }
      return new NodeAddress(
          name.isEmpty() ? Optional.empty() : Optional.of(name),
          ADDRESS.parse(text.substring(at + 1)));
    }

    @Override
    public String describe() {
      return "[node@]" + ADDRESS.describe();
    }
  }

  /** Several values, separated by commas; an array in the file. */
  record Many<T>(SettingType<T> one) implements SettingType<List<T>> {
    @Override
    public List<T> parse(String text) {
      return Arrays.stream(text.split(",", -1))
          .map(String::strip)
          .filter(part -> !text.isBlank())
          .map(one::parse)
          .toList();
    }

    @Override
    public String describe() {
      return "a list, each " + one.describe();
    }
  }

  /** One of a few words, in any case. */
  record OneOf<E extends Enum<E>>(Class<E> type) implements SettingType<E> {
    @Override
    public E parse(String text) {
      return Enum.valueOf(type, text.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    @Override
    public String describe() {
      return "one of "
          + String.join(
              ", ",
              Stream.of(type.getEnumConstants())
                  .map(word -> word.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                  .toList());
    }
  }
}
