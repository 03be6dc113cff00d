package dev.quicksilver.benchmarks.doctor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How doctor is called: for which role, with which settings and in what surroundings. Immutable.
 *
 * @param role the command of the node
 * @param settings by their names in a configuration file, {@code data.directory}
 * @param secrets variables of the environment
 * @param prelude lines for the shell that becomes doctor: limits and mounts, which are its alone
 * @param prefix a command that runs it: as another user, in another namespace
 */
public record Call(
    String role,
    Map<String, String> settings,
    Map<String, String> secrets,
    List<String> prelude,
    List<String> prefix) {
  /** Copies what it is given. */
  public Call {
    settings = Map.copyOf(settings);
    secrets = Map.copyOf(secrets);
    prelude = List.copyOf(prelude);
    prefix = List.copyOf(prefix);
  }

  static Call of(String role) {
    return new Call(role, Map.of(), Map.of(), List.of(), List.of());
  }

  /** Returns the same with a setting, which replaces a former one. */
  Call with(String setting, Object value) {
    Map<String, String> all = new LinkedHashMap<>(settings);
    all.put(setting, value.toString());
    return new Call(role, all, secrets, prelude, prefix);
  }

  /** Returns the same with a variable of the environment. */
  Call withVariable(String name, Object value) {
    Map<String, String> all = new LinkedHashMap<>(secrets);
    all.put(name, value.toString());
    return new Call(role, settings, all, prelude, prefix);
  }

  /** Returns the same without a variable. */
  Call withoutVariable(String name) {
    Map<String, String> all = new LinkedHashMap<>(secrets);
    all.remove(name);
    return new Call(role, settings, all, prelude, prefix);
  }

  /** Returns the same with one more line of the shell, after the others. */
  Call after(String line) {
    List<String> all = new ArrayList<>(prelude);
    all.add(line);
    return new Call(role, settings, secrets, all, prefix);
  }

  /** Returns the same without lines of the shell. */
  Call withoutPrelude() {
    return new Call(role, settings, secrets, List.of(), prefix);
  }

  /** Returns the same, run by this command. */
  Call by(String... command) {
    return new Call(role, settings, secrets, prelude, List.of(command));
  }

  String setting(String name) {
    String value = settings.get(name);
    if (value == null) {
      throw new IllegalStateException(name + " is not set: " + settings);
    }
    return value;
  }

  /** Returns the flags of the settings: {@code --data-directory=…}. */
  List<String> flags() {
    return settings.entrySet().stream()
        .map(each -> "--" + each.getKey().replace('.', '-') + "=" + each.getValue())
        .sorted()
        .toList();
  }
}
