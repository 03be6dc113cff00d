package dev.quicksilver.bridge.evaluate;

import dev.quicksilver.bridge.catalog.Tables;
import dev.quicksilver.bridge.evaluate.Evaluation.Waiter;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.EmbeddedPostgresException;
import dev.quicksilver.postgres.InstalledPostgres;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge's private PostgreSQL. It has no data of its own and no port: only its Unix socket, in
 * a folder that only this user may enter, where the bridge listens for it too. It ends with this
 * process, however that ends. Safe for all threads.
 */
public final class Evaluator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Evaluator.class);
  private static final String SUPERUSER = "quicksilver_evaluator";
  private static final String DATABASE = "quicksilver";
  private static final int INNER_PORT = 1;

  /** The version of the PostgreSQL that comes along. */
  private static final String OURS = "18.1";

  private final Supplier<EvaluatorConfig> config;
  private final IntSupplier connections;
  private final Inner inner;
  private final LongSupplier nanoClock;
  private volatile @Nullable Running running;
  private @Nullable Tables latest;
  private final AtomicLong starts = new AtomicLong();
  private boolean closed;

  /** How large the rows of tables are. */
  public interface RowSizes {
    /** How many rows of a table have so many bytes together, by and large. */
    long rowsWithin(String table, long bytes);
  }

  /** Serves the connections of the evaluator's postgres_fdw. */
  public interface Inner {
    /** Takes one, and serves it on a thread of its own. */
    void serve(SocketChannel channel) throws IOException;
  }

  /** A started PostgreSQL with what has been made in it. */
  private static final class Running {
    private final EmbeddedPostgres postgres;
    private final ServerSocketChannel listener;
    private final Link admin;
    private final EvaluatorConfig startedWith;
    private final int connections;
    private final Set<String> roles = new HashSet<>();
    private final TableFollower tables;
    private int links;
    private long usedAt;

    Running(
        EmbeddedPostgres postgres,
        ServerSocketChannel listener,
        Link admin,
        EvaluatorConfig startedWith,
        int connections) {
      this.postgres = postgres;
      this.listener = listener;
      this.admin = admin;
      this.startedWith = startedWith;
      this.connections = connections;
      this.tables = new TableFollower(admin);
    }
  }

  /**
   * Makes one that is not started yet.
   *
   * @param config says how it is to be now; one that runs goes on as it was started until no
   *     session uses it
   * @param connections says how many sessions may use it at a time; likewise
   * @param inner serves a connection of its postgres_fdw, on a thread of its own
   */
  public Evaluator(
      Supplier<EvaluatorConfig> config,
      IntSupplier connections,
      Inner inner,
      LongSupplier nanoClock) {
    this.config = config;
    this.connections = connections;
    this.inner = inner;
    this.nanoClock = nanoClock;
  }

  /** Starts it, if it does not run. */
  public synchronized void start() throws IOException {
    running();
  }

  private Running running() throws IOException {
    if (config.get().start() == EvaluatorConfig.Start.NONE) {
      throw PgException.unsupported("this statement (bridge.evaluator.start is none)");
    }
    if (closed) {
      throw new IOException("the bridge is stopping");
    }
    Running current = running;
    if (current != null && current.postgres.isRunning()) {
      current.usedAt = nanoClock.getAsLong();
      return current;
    }
    if (current != null) {
      LOG.warn("the evaluator is gone and is started anew; see its last messages above");
      stop(current);
    }
    Running started = launch();
    started.usedAt = nanoClock.getAsLong();
    running = started;
    starts.incrementAndGet();
    Tables tables = latest;
    if (tables != null) { // the session that needs it has followed them already
      started.tables.follow(tables, started.usedAt);
    }
    return started;
  }

  /** Returns how often it was started. */
  public long starts() {
    return starts.get();
  }

  private Running launch() throws IOException {
    long from = System.nanoTime();
    EvaluatorConfig now = config.get();
    int sessions = connections.getAsInt();
    EmbeddedPostgres postgres;
    try {
      postgres = configured(now, sessions).start();
    } catch (EmbeddedPostgresException e) {
      throw new IOException("it cannot be started: " + e.getMessage(), e);
    }
    try {
      Path folder = postgres.socketDirectory();
      ServerSocketChannel listener = listen(folder);
      Link setUp = admin(postgres, "template1");
      setUp.run("ALTER DATABASE postgres RENAME TO " + DATABASE);
      setUp.close();
      Link admin = admin(postgres, DATABASE);
      admin.run(TableSql.setUp(folder.toString(), INNER_PORT));
      Thread.ofPlatform().daemon().name("bridge-evaluator").start(() -> accept(listener));
      LOG.info("the evaluator runs, after {} ms", (System.nanoTime() - from) / 1_000_000);
      return new Running(postgres, listener, admin, now, sessions);
    } catch (IOException | RuntimeException e) {
      postgres.close();
      throw e;
    }
  }

  private static EmbeddedPostgres.Builder configured(EvaluatorConfig config, int connections) {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .unixSocketOnly()
            .withoutDurability()
            .superuser(SUPERUSER)
            .niceness(5)
            .memoryPerProcess(config.memoryPerSession());
    config.directory().ifPresent(builder::installed);
    Map<String, String> settings = new HashMap<>();
    settings.put("max_connections", Integer.toString(connections + 10));
    settings.put("shared_buffers", "16MB");
    settings.put("work_mem", "8MB");
    settings.put("maintenance_work_mem", "16MB");
    settings.put("temp_file_limit", config.temporaryFiles() / 1024 + "kB");
    settings.put("max_parallel_workers_per_gather", "0");
    settings.put("max_parallel_maintenance_workers", "0");
    settings.put("max_logical_replication_workers", "0");
    settings.put("restart_after_crash", "off"); // without durability nothing is left to go on with
    settings.put("jit", "off");
    settings.put("quicksilver.max_lag", "");
    settings.put("timezone", "GMT");
    settings.put("default_transaction_isolation", "repeatable read");
    settings.put("log_min_messages", "fatal");
    settings.put("log_min_error_statement", "panic");
    settings.forEach(builder::setting);
    return builder;
  }

  private static ServerSocketChannel listen(Path folder) throws IOException {
    Path socket = folder.resolve(".s.PGSQL." + INNER_PORT);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(socket));
      // The folder decides who may come; the evaluator may run as another user than we do.
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
      return listener;
    } catch (IOException e) {
      listener.close();
      throw e;
    }
  }

  private void accept(ServerSocketChannel listener) {
    while (listener.isOpen()) {
      try {
        inner.serve(listener.accept());
      } catch (IOException | OutOfMemoryError e) {
        if (listener.isOpen()) {
          LOG.warn("a connection of the evaluator failed: {}", e.toString());
        }
      }
    }
  }

  private static Path socket(EmbeddedPostgres postgres) {
    return postgres.socketDirectory().resolve(".s.PGSQL." + postgres.port());
  }

  private static Link admin(EmbeddedPostgres postgres, String database) throws IOException {
    return Link.open(socket(postgres), Map.of("user", SUPERUSER, "database", database), () -> {});
  }

  /**
   * What opens connections of one user.
   *
   * @param parameters of the client's start-up message, but user and database
   * @param name what the evaluator's own connections to the bridge call themselves
   */
  public Evaluation.Connector connector(String user, Map<String, String> parameters, String name) {
    return waiter -> open(user, parameters, name, waiter);
  }

  private Evaluation.Opened open(
      String user, Map<String, String> parameters, String name, Waiter waiter) throws IOException {
    Map<String, String> all = new HashMap<>(parameters);
    all.put("user", user);
    all.put("database", DATABASE);
    all.put("postgres_fdw.application_name", name);
    try {
      return connect(user, all, waiter);
    } catch (SocketException e) { // nobody listens: it has died just now
      return connect(user, all, waiter);
    }
  }

  private Evaluation.Opened connect(String user, Map<String, String> parameters, Waiter waiter)
      throws IOException {
    Running server;
    synchronized (this) {
      server = attended(current -> role(current, user));
      server.links++;
    }
    try {
      Link link = Link.open(socket(server.postgres), parameters, waiter::waiting);
      link.onClose(() -> left(server));
      return new Evaluation.Opened(link);
    } catch (IOException | RuntimeException e) {
      left(server);
      if (e instanceof SocketException) {
        giveUp(server, e);
      }
      throw e;
    }
  }

  private synchronized void left(Running server) {
    server.links--;
    server.usedAt = nanoClock.getAsLong();
  }

  /** Makes the user known, without any right but to read. */
  private static void role(Running server, String user) throws IOException {
    if (user.equals(SUPERUSER) || user.startsWith("pg_")) {
      throw PgException.of(
          SqlState.INVALID_AUTHORIZATION, "role \"" + user + "\" is not permitted to log in");
    }
    if (!server.roles.contains(user)) {
      server.admin.run("CREATE ROLE " + TableSql.identifier(user) + " LOGIN");
      server.roles.add(user);
    }
  }

  private interface Step {
    void run(Running server) throws IOException;
  }

  /**
   * Runs a step over the superuser's connection; a server on which it breaks is given up, and
   * another one gets it.
   */
  private Running attended(Step step) throws IOException {
    Running server = running();
    try {
      step.run(server);
      return server;
    } catch (Link.Refused e) {
      throw e;
    } catch (IOException e) {
      giveUp(server, e);
    }
    Running next = running();
    step.run(next);
    return next;
  }

  private synchronized void giveUp(Running server, Exception why) {
    if (running == server) {
      LOG.warn("the evaluator lost a process of its own and is started anew: {}", why.toString());
      running = null;
      stop(server);
    }
  }

  /**
   * Gives the evaluator the tables that there are now, if they changed.
   *
   * @param sizes how large their rows are now
   */
  public synchronized void follow(Tables tables, RowSizes sizes) throws IOException {
    Tables before = latest;
    if (before == null || tables.generation() > before.generation()) {
      latest = tables;
    }
    var _ =
        attended(
            server -> {
              server.tables.follow(tables, server.usedAt);
              server.tables.fit(sizes, server.usedAt);
            });
  }

  /** Stops it if nobody has used it for long enough, or nobody does and its limits are others. */
  public synchronized void stopIdle() {
    Running current = running;
    if (current == null || current.links > 0) {
      return;
    }
    EvaluatorConfig now = config.get();
    boolean outdated =
        !current.startedWith.startsAs(now) || current.connections != connections.getAsInt();
    if (outdated || nanoClock.getAsLong() - current.usedAt > now.idle().toNanos()) {
      running = null;
      stop(current);
      LOG.info(
          "the evaluator is stopped: {}",
          outdated ? "its limits have changed" : "it was idle for " + now.idle());
    }
  }

  /**
   * The version of a configured one, as {@code server_version} has it; found without a start.
   *
   * @throws EmbeddedPostgresException if the configured directory holds no PostgreSQL
   */
  public static String version(EvaluatorConfig config) {
    return config.directory().map(home -> InstalledPostgres.at(home).version()).orElse(OURS);
  }

  /** Whether it runs; never waits for a start. */
  public boolean isRunning() {
    Running current = running;
    return current != null && current.postgres.isRunning();
  }

  private static void stop(Running server) {
    try {
      server.listener.close();
    } catch (IOException e) {
      LOG.debug("closing the evaluator's way in: {}", e.toString());
    }
    server.admin.close();
    server.postgres.close();
  }

  @Override
  public synchronized void close() {
    closed = true;
    Running current = running;
    running = null;
    if (current != null) {
      stop(current);
    }
  }
}
