package dev.quicksilver.cli.cluster;

import dev.quicksilver.cli.command.BridgeCommand;
import dev.quicksilver.cli.command.PostgresCommand;
import dev.quicksilver.cli.command.ServeCommand;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL and nodes, each a process, in one folder. A node has its name for good, and with it
 * its addresses: those of a node that is not started yet can be asked for, and after a restart they
 * are the same. Safe across threads.
 */
public final class Cluster implements AutoCloseable {
  /** The name of the process that {@link #startPostgres} starts. */
  public static final String POSTGRES = "postgres";

  private static final String LOGS = "logs";
  private static final String POSTGRES_DATA = "postgresql";

  /** Folders that no node can have. */
  static final Set<String> OWN_FOLDERS = Set.of(LOGS, POSTGRES, POSTGRES_DATA);

  private static final int POLL_MILLIS = 5;
  private static final int ASK_MILLIS = 20;

  private final Path folder;
  private final ProcessOptions options;
  private final boolean removed;
  private final NodeHttp http = new NodeHttp();
  private final Map<Setting<?>, String> everywhere = new HashMap<>();
  private final Map<String, String> addresses = new HashMap<>();
  private final Map<String, NodeSpec> specs = new HashMap<>();

  /** By name, those that were started last in the end. */
  private final Map<String, ChildProcess> processes = new LinkedHashMap<>();

  private @Nullable CentralPostgres postgres;
  private @Nullable EmbeddedPostgres embedded;
  private int commands;
  private boolean closed;

  private Cluster(Path folder, ProcessOptions options, boolean removed) throws IOException {
    this.folder = folder;
    this.options = options;
    this.removed = removed;
    Files.createDirectories(folder.resolve(LOGS));
  }

  /**
   * Makes a cluster in a folder, which stays when it is closed.
   *
   * @param options how its processes are started, but for those that have their own
   */
  public static Cluster in(Path folder, ProcessOptions options) throws IOException {
    return new Cluster(folder, options, false);
  }

  /** Makes a cluster in a new temporary folder, which goes when it is closed. */
  public static Cluster temporary(ProcessOptions options) throws IOException {
    return new Cluster(Files.createTempDirectory("quicksilver-cluster-"), options, true);
  }

  /** Returns the folder of all of it. */
  public Path folder() {
    return folder;
  }

  /** Has the nodes started from now on run with a setting, unless their own says otherwise. */
  public synchronized Cluster everywhere(Setting<?> setting, String value) {
    everywhere.put(setting, value);
    return this;
  }

  /** Starts a PostgreSQL as a process of its own, {@code quicksilver postgres}, for the roots. */
  public CentralPostgres startPostgres() throws IOException, InterruptedException {
    Path data = folder.resolve(POSTGRES);
    ChildProcess process;
    synchronized (this) {
      WrittenSettings written =
          WrittenSettings.of(
              Map.of(
                  Settings.DATA_DIRECTORY, data.toString(),
                  Settings.POSTGRES_EMBEDDED_DIRECTORY, folder.resolve(POSTGRES_DATA).toString(),
                  Settings.POSTGRES_EMBEDDED_PORT, "0",
                  Settings.HTTP_LISTEN, address(POSTGRES, "http")));
      List<String> words = new ArrayList<>(List.of(PostgresCommand.PROCESS_NAME));
      words.addAll(written.flags());
      process = launch(POSTGRES, options, words, false);
    }
    Map<String, String> said = process.awaitReady(data, PostgresCommand.PROCESS_NAME);
    CentralPostgres started =
        new CentralPostgres(
            of(said, "url"), of(said, "postgres"), of(said, "user"), of(said, "password"));
    usePostgres(started);
    return started;
  }

  private static String of(Map<String, String> said, String what) {
    return Objects.requireNonNull(said.get(what), what);
  }

  /**
   * Starts a PostgreSQL in this process, for the roots; it is closed after them.
   *
   * @param how changes how it is started
   */
  public EmbeddedPostgres embedPostgres(UnaryOperator<EmbeddedPostgres.Builder> how) {
    EmbeddedPostgres started =
        how.apply(EmbeddedPostgres.builder().directory(folder.resolve(POSTGRES_DATA))).start();
    synchronized (this) {
      if (embedded != null || closed) {
        started.close();
        throw new IllegalStateException("the cluster has a PostgreSQL, or is closed");
      }
      embedded = started;
    }
    usePostgres(CentralPostgres.of(started));
    return started;
  }

  /** The same with nothing changed. */
  public EmbeddedPostgres embedPostgres() {
    return embedPostgres(UnaryOperator.identity());
  }

  /** Has the roots started from now on connect to this PostgreSQL, which is not closed here. */
  public synchronized Cluster usePostgres(CentralPostgres central) {
    postgres = central;
    return this;
  }

  /**
   * Starts a node and waits until it says that it is ready.
   *
   * @throws ClusterException if it ends before, or is not ready within two minutes
   * @throws IllegalStateException if it runs already
   */
  public ChildProcess start(NodeSpec spec) throws IOException, InterruptedException {
    ChildProcess process = launch(spec);
    awaitReady(spec.name());
    return process;
  }

  /**
   * The same without waiting.
   *
   * @throws ClusterException if the cluster is closed
   */
  public synchronized ChildProcess launch(NodeSpec spec) throws IOException {
    Map<Setting<?>, String> settings = new HashMap<>(own(spec));
    everywhere.forEach(
        (setting, value) -> {
          if (setting.roles().contains(spec.role())) {
            settings.put(setting, value);
          }
        });
    settings.putAll(spec.settings());
    WrittenSettings written = WrittenSettings.of(settings);
    List<String> words = new ArrayList<>(List.of(spec.role().command()));
    words.addAll(written.flags());
    ProcessOptions how = spec.options().orElse(options).withEnvironment(written.variables());
    boolean takesOver = "true".equals(spec.settings().get(Settings.NODE_TAKE_OVER));
    ChildProcess process = launch(spec.name(), how, words, takesOver);
    specs.put(spec.name(), spec);
    return process;
  }

  /** What a node is told unless it is told otherwise. */
  private Map<Setting<?>, String> own(NodeSpec spec) {
    Map<Setting<?>, String> settings = new HashMap<>();
    settings.put(Settings.NODE_NAME, spec.name());
    settings.put(Settings.DATA_DIRECTORY, data(spec.data()).toString());
    settings.put(Settings.HTTP_LISTEN, address(spec.name(), "http"));
    switch (spec.role()) {
      case BRIDGE -> settings.put(Settings.BRIDGE_LISTEN, address(spec.name(), "bridge"));
      case SERVE -> settings.put(Settings.RESP_LISTEN, address(spec.name(), "resp"));
      case ROOT, REPLICA ->
          settings.put(Settings.REPLICATION_LISTEN, address(spec.name(), "replication"));
    }
    if (!spec.upstreams().isEmpty()) {
      settings.put(
          Settings.REPLICATION_UPSTREAMS,
          spec.upstreams().stream()
              .map(upstream -> address(upstream, "replication"))
              .collect(Collectors.joining(",")));
    }
    CentralPostgres central = postgres;
    if (spec.role() == Role.ROOT && central != null) {
      settings.put(Settings.POSTGRES_URL, central.url());
      settings.put(Settings.POSTGRES_USER, central.user());
      settings.put(Settings.POSTGRES_PASSWORD, central.password());
    }
    return settings;
  }

  private synchronized ChildProcess launch(
      String name, ProcessOptions how, List<String> arguments, boolean takesOver)
      throws IOException {
    if (closed) {
      throw new ClusterException("the cluster was closed before " + name + " was started", "");
    }
    ChildProcess before = processes.get(name);
    if (before != null && before.isAlive() && !takesOver) {
      throw new IllegalStateException(name + " runs: kill or stop it before it is started again");
    }
    ChildProcess process = ChildProcess.start(name, log(name), how, arguments);
    processes.remove(name); // so that it comes last
    processes.put(name, process);
    return process;
  }

  /** Waits until a node that was launched says that it is ready; it may not be healthy yet. */
  public void awaitReady(String name) throws InterruptedException {
    NodeSpec spec = spec(name);
    process(name)
        .awaitReady(
            data(spec.data()),
            switch (spec.role()) {
              case BRIDGE -> BridgeCommand.PROCESS_NAME;
              case SERVE -> ServeCommand.PROCESS_NAME;
              case ROOT, REPLICA -> "node";
            });
  }

  /** Starts a node that has ended again, as it was started last, and waits until it is ready. */
  public ChildProcess restart(String name) throws IOException, InterruptedException {
    return start(spec(name));
  }

  /**
   * Has another process take the place of a node's that runs, and waits until it is ready and the
   * former one has left.
   *
   * @return the one that runs from now on
   * @throws ClusterException if it cannot; the former one may still run then
   */
  public ChildProcess replace(String name) throws IOException, InterruptedException {
    ChildProcess before = process(name);
    ChildProcess after = launch(spec(name).with(Settings.NODE_TAKE_OVER, "true"));
    try {
      awaitReady(name);
    } catch (ClusterException e) {
      after.close();
      synchronized (this) {
        processes.put(name, before);
      }
      throw e;
    }
    before.awaitEnd();
    return after;
  }

  /** Runs a command to its end, within two minutes. */
  public Ended run(String... words) throws IOException, InterruptedException {
    Path log;
    synchronized (this) {
      log = log("command-" + ++commands);
    }
    try (ChildProcess command = ChildProcess.start(words[0], log, options, Arrays.asList(words))) {
      int exitCode = command.awaitEnd();
      return new Ended(exitCode, command.output());
    }
  }

  /**
   * Returns the process that a node has, or had last.
   *
   * @throws IllegalArgumentException if there was none
   */
  public synchronized ChildProcess process(String name) {
    return known(processes, name);
  }

  private synchronized NodeSpec spec(String name) {
    return known(specs, name);
  }

  private static <T> T known(Map<String, T> all, String name) {
    return Optional.ofNullable(all.get(name))
        .orElseThrow(
            () ->
                new IllegalArgumentException(name + " is none of those started: " + all.keySet()));
  }

  /** Kills a node by SIGKILL, and waits until it is gone. */
  public void kill(String name) {
    process(name).kill();
  }

  /** Stops a node by SIGTERM, and waits until it is gone. */
  public void stop(String name) {
    process(name).close();
  }

  /**
   * Returns where a node of this name listens, {@code host:port}.
   *
   * @param what {@code replication}, {@code bridge} or {@code http}
   */
  public synchronized String address(String name, String what) {
    return addresses.computeIfAbsent(name + " " + what, _ -> "127.0.0.1:" + Ports.free());
  }

  /** Returns the port of an address. */
  public int port(String name, String what) {
    String address = address(name, what);
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  /** Returns the data directory of a name. */
  public Path data(String name) {
    return folder.resolve(name);
  }

  /** Returns the file that the processes of a name write to. */
  public Path log(String name) {
    return folder.resolve(LOGS).resolve(name + ".log");
  }

  /**
   * Copies a data directory for another name, as {@code cp -a} does.
   *
   * @throws IllegalStateException if a process has one of both in use
   */
  public void copyData(String from, String to) throws IOException {
    requireUnused(from);
    requireUnused(to);
    Folders.remove(data(to));
    Folders.copy(data(from), data(to));
  }

  /**
   * Moves a data directory to another name, whose own goes.
   *
   * @throws IllegalStateException if a process has one of both in use
   */
  public void moveData(String from, String to) throws IOException {
    requireUnused(from);
    requireUnused(to);
    Folders.remove(data(to));
    Files.move(data(from), data(to));
  }

  private synchronized void requireUnused(String data) {
    specs.forEach(
        (name, spec) -> {
          if (spec.data().equals(data) && known(processes, name).isAlive()) {
            throw new IllegalStateException(
                "the data directory of " + data + " is in use by " + name + ": stop that first");
          }
        });
  }

  /**
   * Asks a node over HTTP.
   *
   * @param path as in {@code /metrics}
   * @throws IOException if it does not answer within ten seconds
   */
  public HttpResponse<String> ask(String name, String path)
      throws IOException, InterruptedException {
    return http.ask(address(name, "http"), path);
  }

  /**
   * Returns what a node says of itself.
   *
   * @throws IOException if it does not answer within ten seconds
   */
  public NodeStatus status(String name) throws IOException, InterruptedException {
    return Json.MAPPER.readValue(ask(name, "/status").body(), NodeStatus.class);
  }

  /** Waits until a node does what it is for. */
  public NodeStatus awaitHealthy(String name) throws InterruptedException {
    return awaitStatus(name, "to be healthy", NodeStatus::healthy);
  }

  /**
   * Waits for what a node says of itself, and returns it.
   *
   * @param what it is to say, for the message
   * @throws ClusterException if a process ends by itself, or nothing like it is said within two
   *     minutes
   */
  public NodeStatus awaitStatus(String name, String what, Predicate<NodeStatus> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + ChildProcess.LONGEST_WAIT.toNanos();
    String last = "it has not answered";
    while (true) {
      try {
        NodeStatus status = status(name);
        if (condition.test(status)) {
          return status;
        }
        last = status.toString();
      } catch (IOException e) {
        last = e.toString();
      }
      goOnWaiting(deadline, ASK_MILLIS, name + " " + what + " (last: " + last + ")");
    }
  }

  /**
   * Waits for a condition.
   *
   * @param what is waited for, for the message
   * @throws ClusterException if a process ends by itself, or it is not so within two minutes
   */
  public void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + ChildProcess.LONGEST_WAIT.toNanos();
    while (!condition.getAsBoolean()) {
      goOnWaiting(deadline, POLL_MILLIS, what);
    }
  }

  private void goOnWaiting(long deadline, int millis, String what) throws InterruptedException {
    for (ChildProcess process : running()) {
      if (process.hasEndedByItself()) {
        throw process.failure("has ended by itself, while waiting for " + what);
      }
    }
    if (System.nanoTime() - deadline > 0) {
      throw new ClusterException(
          "waited " + ChildProcess.LONGEST_WAIT.toSeconds() + " s in vain for " + what,
          lastLines());
    }
    TimeUnit.MILLISECONDS.sleep(millis);
  }

  /** Returns the last lines of all logs. */
  public String lastLines() {
    return running().stream()
        .map(ChildProcess::lastLines)
        .collect(Collectors.joining(System.lineSeparator()));
  }

  private synchronized List<ChildProcess> running() {
    return List.copyOf(processes.values());
  }

  /** Stops all processes at once, and waits until they are gone; idempotent. */
  @Override
  public void close() throws IOException {
    List<ChildProcess> last;
    synchronized (this) {
      closed = true;
      last = running().reversed();
    }
    http.close();
    // PostgreSQL last, so that the others do not fill their logs with its absence.
    List<ChildProcess> nodes =
        last.stream().filter(process -> !process.name().equals(POSTGRES)).toList();
    nodes.forEach(ChildProcess::stop);
    nodes.forEach(ChildProcess::close);
    last.forEach(ChildProcess::close);
    EmbeddedPostgres own;
    synchronized (this) {
      own = embedded;
    }
    if (own != null) {
      own.close();
    }
    if (removed) {
      Folders.remove(folder);
    }
  }
}
