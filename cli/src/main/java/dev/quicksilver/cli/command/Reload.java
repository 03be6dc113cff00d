package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import dev.quicksilver.cli.process.Logs;
import dev.quicksilver.replication.ReplicationException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a process's configuration anew while it runs, and has it take what it can: the command line
 * stays what it was, the file and its files are read again. What is wrong in it changes nothing.
 * Thread-safe.
 */
final class Reload {
  static final String PATH = "/reload";

  private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

  private final Role role;
  private final Callable<Configuration> again;

  /** What is in force, by setting; empty for one that has no value. */
  private final Map<Setting<?>, Optional<?>> inForce = new HashMap<>();

  private final Map<Setting<?>, Consumer<Configuration>> takers = new LinkedHashMap<>();

  /**
   * Makes one that takes what every process can.
   *
   * @param again reads the configuration as it is now
   */
  Reload(Role role, Configuration configuration, Callable<Configuration> again) {
    this.role = role;
    this.again = again;
    Settings.of(role)
        .forEach(setting -> inForce.put(setting, configuration.find(setting).map(value -> value)));
    taking(now -> configureLogs(role, now), Settings.LOG_LEVEL, Settings.LOG_FORMAT);
  }

  /** Sets level and form of the process's log. */
  static void configureLogs(Role role, Configuration now) {
    Logs.configure(
        now.get(Settings.LOG_LEVEL),
        now.get(Settings.LOG_FORMAT),
        Map.of("node", now.get(Settings.NODE_NAME), "role", role.command()));
  }

  /**
   * Says how settings are taken.
   *
   * @param taker called once if one of them has changed; throws if it cannot take it, and then
   *     nothing has changed
   */
  synchronized void taking(Consumer<Configuration> taker, Setting<?>... settings) {
    for (Setting<?> setting : settings) {
      takers.put(setting, taker);
    }
  }

  /** Serves the request. */
  void serve(HttpEndpoint http) {
    http.serveAction(PATH, _ -> answer());
  }

  private synchronized Answer answer() {
    Configuration now;
    try {
      now = again.call();
    } catch (ConfigurationException e) {
      LOG.warn("the configuration was not taken: {}", e.getMessage());
      return Answer.text(409, "nothing was changed: " + e.getMessage() + "\n");
    } catch (Exception e) {
      LOG.warn("the configuration was not taken", e);
      return Answer.text(409, "nothing was changed: " + e + "\n");
    }
    List<Setting<?>> changed =
        Settings.of(role).stream()
            .filter(setting -> !now.find(setting).equals(inForce.get(setting)))
            .toList();
    List<String> lines = new ArrayList<>();
    boolean all = true;
    Set<Consumer<Configuration>> asked = new LinkedHashSet<>();
    Map<Consumer<Configuration>, String> refused = new HashMap<>();
    for (Setting<?> setting : changed) {
      Consumer<Configuration> taker = takers.get(setting);
      if (taker != null && asked.add(taker)) {
        try {
          taker.accept(now);
        } catch (ConfigurationException | ReplicationException e) {
          refused.put(taker, String.valueOf(e.getMessage()));
        }
      }
      String outcome =
          taker == null
              ? "has changed, and is taken when the process is started again"
              : refused.containsKey(taker) ? "was not taken: " + refused.get(taker) : "was taken";
      if (taker != null && !refused.containsKey(taker)) {
        inForce.put(setting, now.find(setting));
      } else {
        all = false;
      }
      lines.add(setting.key() + " " + outcome);
    }
    if (lines.isEmpty()) {
      lines.add("nothing has changed");
    }
    lines.forEach(line -> LOG.info("reload: {}", line));
    return Answer.text(all ? 200 : 409, String.join("\n", lines) + "\n");
  }
}
