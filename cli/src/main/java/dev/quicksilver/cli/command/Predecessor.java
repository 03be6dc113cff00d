package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The replica that has a data directory when another one is to take its place. */
final class Predecessor {
  private static final Logger LOG = LoggerFactory.getLogger(Predecessor.class);

  /** Longer than a node takes to stop. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(20);

  private Predecessor() {}

  /**
   * Has it stop as SIGTERM does, if there is one, and claims its directory. What the new process
   * needs should be ready before: from here on nobody follows.
   *
   * @throws CommandException if another kind of node has the directory, or it does not stop
   */
  static ProcessFile claimAfter(Path data, HttpListeners.Plan http) {
    Optional<ProcessFile> free = ProcessFile.tryClaim(data, NodeParts.PROCESS_NAME);
    if (free.isPresent()) {
      return free.get();
    }
    ProcessFile.Content before =
        ProcessFile.read(data, NodeParts.PROCESS_NAME)
            .orElseThrow(
                () ->
                    new CommandException(
                        ExitCode.FAILURE,
                        "the process that has "
                            + data
                            + " is starting or stopping: try again in a moment"));
    if (!before.role().equals(Role.REPLICA.command())) {
      throw new CommandException(
          ExitCode.FAILURE,
          "a "
              + before.role()
              + " has the directory "
              + data
              + " (process "
              + before.pid()
              + "): a replica takes only a replica's place");
    }
    http.requireFree(before.addresses().values());
    ProcessFile.useNativeDirectory(data, NodeParts.PROCESS_NAME);
    NativeLibraries.loadSnappy();
    LOG.info("process {} is asked to leave {}", before.pid(), data);
    boolean asked = ProcessHandle.of(before.pid()).map(ProcessHandle::destroy).orElse(true);
    if (!asked) {
      throw new CommandException(
          ExitCode.FAILURE,
          "process "
              + before.pid()
              + " cannot be asked to leave "
              + data
              + ": start this one as the same user, or stop that one first");
    }
    return ProcessFile.claimAfter(data, NodeParts.PROCESS_NAME, LONGEST_STOP);
  }
}
