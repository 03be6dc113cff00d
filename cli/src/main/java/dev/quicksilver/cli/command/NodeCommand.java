package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.IdleHeap;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that runs until a signal or a failure ends it. */
abstract class NodeCommand implements Callable<Integer> {
  static final String STOP_WITH_STDIN = "--stop-with-stdin";

  private final Role role;

  @Spec private CommandSpec spec;

  @Option(names = STOP_WITH_STDIN, hidden = true, description = "Stop when stdin ends.")
  private boolean stopWithStandardInput;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  NodeCommand(Role role) {
    this.role = role;
  }

  @Override
  public final Integer call() throws Exception {
    return run(() -> ConfigurationFlags.load(spec, System.getenv()), stopWithStandardInput);
  }

  /** Runs it; see {@link PlainStart} for the other way here. */
  final int run(Callable<Configuration> source, boolean stopWithStandardInput) throws Exception {
    Configuration configuration = source.call();
    Reload.configureLogs(role, configuration);
    try (Lifecycle lifecycle = new Lifecycle()) {
      if (stopWithStandardInput) {
        lifecycle.stopWithStandardInput();
      }
      lifecycle.own("the watch over the heap", IdleHeap.watch());
      start(lifecycle, configuration, new Reload(role, configuration, source));
      throw lifecycle.awaitFailure();
    }
  }

  /**
   * Starts all parts; returns when the process is ready.
   *
   * @param reload is told what can be taken while the process runs
   */
  abstract void start(Lifecycle lifecycle, Configuration configuration, Reload reload)
      throws Exception;

  final Role role() {
    return role;
  }

  /**
   * Returns the options that every command opens databases with.
   *
   * @throws ConfigurationException if the log would leave too little of the map to the data
   */
  static StorageOptions storageOptions(Configuration configuration) {
    long map = configuration.get(Settings.DATA_MAP_SIZE);
    long log = configuration.get(Settings.DATA_LOG_MAX_SIZE);
    if (log > map / 2) {
      String place = configuration.place(Settings.DATA_LOG_MAX_SIZE);
      if (!place.equals(Configuration.DEFAULT)) {
        throw new ConfigurationException(
            place
                + ": "
                + Settings.DATA_LOG_MAX_SIZE.key()
                + " = "
                + log
                + " is more than half of "
                + Settings.DATA_MAP_SIZE.key()
                + " = "
                + map
                + ", and the data needs room too: lower it, or raise "
                + Settings.DATA_MAP_SIZE.key());
      }
      log = Math.max(1, map / 2);
    }
    return StorageOptions.DEFAULT
        .withMapSize(map << 20)
        .withLog(configuration.get(Settings.DATA_LOG_MAX_AGE), log << 20);
  }
}
