package dev.quicksilver.gateway;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A root without a window in a process of its own, for tests that kill it. */
final class RootProcess {
  static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(1L << 30);

  private RootProcess() {}

  /**
   * Starts it.
   *
   * @param jvmOptions of its JVM, such as a fail point
   * @param idleInterval after which it records WAL that brings it nothing
   */
  static Process start(Root root, Path data, Duration idleInterval, String... jvmOptions)
      throws IOException {
    return new ProcessBuilder(
            JavaCommand.of(
                RootProcess.class,
                List.of(jvmOptions),
                List.of(
                    root.config.jdbcUrl(),
                    root.config.slotName(),
                    data.toString(),
                    idleInterval.toString())))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  public static void main(String[] arguments) throws InterruptedException {
    GatewayConfig config =
        new GatewayConfig(
            arguments[0],
            "",
            "",
            Duration.ZERO,
            arguments[1],
            "quicksilver",
            Duration.parse(arguments[3]));
    try (DatabaseSet databases = DatabaseSet.open(Path.of(arguments[2]), OPTIONS);
        Gateway gateway = Gateway.start(config, databases)) {
      gateway.await();
    }
  }
}
