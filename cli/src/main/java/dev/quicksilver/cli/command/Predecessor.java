package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
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
   * @param listens whether this process has its socket for followers already
   * @throws CommandException if another kind of node has the directory, or it does not stop
   */
  static ProcessFile claimAfter(Path data, Configuration configuration, boolean listens) {
    Optional<ProcessFile> free = ProcessFile.tryClaim(data, NodeParts.PROCESS_NAME);
    if (free.isPresent()) {
      return free.get();
    }
    PidNamespace.requireShared(data); // its process id would be another process's here
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
    List<Setting<Endpoint>> opened =
        listens
            ? List.of(Settings.HTTP_LISTEN)
            : List.of(Settings.HTTP_LISTEN, Settings.REPLICATION_LISTEN);
    for (Setting<Endpoint> each : opened) {
      requireFree(each, configuration.get(each), before.addresses().values());
    }
    var _ = HttpListeners.plan(configuration); // so that what is wrong is said now
    ProcessFile.useNativeDirectory(data, NodeParts.PROCESS_NAME);
    NativeLibraries.loadSnappy();
    LOG.info("process {} is asked to leave {}", before.pid(), data);
    boolean asked =
        ProcessHandle.of(before.pid())
            .filter(process -> !process.equals(ProcessHandle.current()))
            .map(ProcessHandle::destroy)
            .orElse(false);
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

  /**
   * Makes sure that this process can listen somewhere, before another one leaves.
   *
   * @param others the addresses of that one; at its own ports nothing else listens
   * @throws CommandException if something else listens there
   */
  static void requireFree(Setting<Endpoint> setting, Endpoint listen, Collection<String> others) {
    if (listen.port() == 0 || others.stream().anyMatch(one -> one.endsWith(":" + listen.port()))) {
      return;
    }
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getByName(listen.host()), listen.port()));
    } catch (IOException e) {
      throw new CommandException(
          ExitCode.FAILURE,
          "cannot listen on "
              + setting.key()
              + " = "
              + listen
              + " ("
              + e.getMessage()
              + "): stop the program that uses the port, or choose another one");
    }
  }
}
