package dev.quicksilver.cli.config;

import java.nio.file.InvalidPathException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One setting. Two settings are equal when they are the same object.
 *
 * @param <T> what its value is in the program
 */
public final class Setting<T> {
  /**
   * What holds where nothing is written.
   *
   * @param inWords what it is, if each machine has its own
   */
  record Default(Supplier<String> text, Optional<String> inWords) {
    static Default of(String text) {
      return new Default(() -> text, Optional.empty());
    }
  }

  private final String key;
  private final SettingType<T> type;
  private final Optional<Default> byDefault;
  private final Set<Role> roles;
  private final String documentation;

  Setting(
      String key,
      SettingType<T> type,
      Optional<Default> byDefault,
      Set<Role> roles,
      String documentation) {
    this.key = key;
    this.type = type;
    this.byDefault = byDefault;
    this.roles = Set.copyOf(roles);
    this.documentation = documentation;
  }

  /** Returns the key in the file: {@code replication.listen}. */
  public String key() {
    return key;
  }

  /** Returns the flag: {@code --replication-listen}. */
  public String flag() {
    return "--" + key.replace('.', '-');
  }

  /** Returns the environment variable: {@code QUICKSILVER_REPLICATION_LISTEN}. */
  public String variable() {
    return "QUICKSILVER_" + key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /** Returns how values are read. */
  public SettingType<T> type() {
    return type;
  }

  /**
   * Returns the default on this machine, as one would write it in the environment; empty if there
   * is none.
   */
  public Optional<String> defaultText() {
    return byDefault.map(of -> of.text().get());
  }

  /** Returns what the default is, if each machine has its own. */
  public Optional<String> defaultInWords() {
    return byDefault.flatMap(Default::inWords);
  }

  /** Returns the processes that use it. */
  public Set<Role> roles() {
    return roles;
  }

  /** Returns what it is for, in one or two sentences. */
  public String documentation() {
    return documentation;
  }

  /**
   * Reads a value.
   *
   * @param place where the text stands, for the message
   * @throws ConfigurationException if it is not valid
   */
  T parse(String text, String place) {
    try {
      return type.parse(text);
    } catch (InvalidPathException e) {
      throw new ConfigurationException(place + ": " + key + ": " + Paths.explain(e));
    } catch (IllegalArgumentException e) {
      String shown = type.isSecret() ? "the value" : '"' + text + '"';
      throw new ConfigurationException(
          place + ": " + key + " must be " + type.describe() + ", but is " + shown);
    }
  }

  @Override
  public String toString() {
    return key;
  }
}
