package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.BridgeCommand;
import dev.quicksilver.cli.command.ReplicaCommand;
import dev.quicksilver.cli.command.ServeCommand;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ProcessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is examined: a node of this role, as it is configured here.
 *
 * @param system the root of the file system, below which {@code proc} and {@code sys} are
 */
record Context(Role role, Configuration configuration, Path system) {
  /** Returns the data directory as an absolute path. */
  Path data() {
    return configuration.get(Settings.DATA_DIRECTORY).toAbsolutePath().normalize();
  }

  /** Whether the data directory is this node's own, and not that of a replica beside it. */
  boolean ownsData() {
    return role == Role.ROOT || role == Role.REPLICA;
  }

  /** Returns the data directory, or the nearest folder above it that is there. */
  Path existingData() {
    Path at = data();
    while (!Files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }

  /** Returns what the node says of itself that runs with this data directory now, if one does. */
  Optional<ProcessFile.Content> running() {
    String name =
        switch (role) {
          case ROOT, REPLICA -> ReplicaCommand.PROCESS_NAME;
          case BRIDGE -> BridgeCommand.PROCESS_NAME;
          case SERVE -> ServeCommand.PROCESS_NAME;
        };
    try {
      return ProcessFile.read(data(), name);
    } catch (UncheckedIOException e) {
      return Optional.empty(); // the check of the data directory says that it cannot be read
    }
  }
}
