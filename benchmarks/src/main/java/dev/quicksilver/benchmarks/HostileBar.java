package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Queries that once ended the bridge or froze it, and clients that behave badly, while another
 * connection looks keys up. The figure is the longest of those lookups, once every other condition
 * holds: the bridge lives, cancel and timeout end a query within a second, memory and temporary
 * files keep their bounds.
 */
final class HostileBar implements Bar {
  private static final long LIMIT_MILLIS = 100;
  private static final long END_MILLIS = 1000;
  private static final long MEMORY_MIB = 256;
  private static final long FILES_MIB = 1024;

  /** Resource limits are answers too, and so is a statement that was cancelled. */
  private static final Set<String> BOUNDED = Set.of("53200", "53400", "57014", "54000");

  private final AtomicLong longest = new AtomicLong();
  private final AtomicLong lookups = new AtomicLong();
  private final List<String> failures = new ArrayList<>();

  @Override
  public String name() {
    return "bridge.hostile";
  }

  @Override
  public String description() {
    return "the bridge under queries that want everything: key lookups beside them";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 100_000);
    System.out.println(pairs + " pairs of 30 + 100 bytes; heap " + Processes.HEAP_MIB + " MiB");
    try (LargeEdge lab = LargeEdge.start(pairs, UnaryOperator.identity());
        ExecutorService threads = Executors.newCachedThreadPool()) {
      AtomicBoolean stop = new AtomicBoolean();
      var usage = new BridgeUsage(lab.bridge().pid());
      Future<?> watching = threads.submit(() -> usage.watch(stop));
      Future<?> looking = threads.submit(() -> look(lab, stop));
      try {
        heavy(lab);
        crowded(lab, threads);
        endings(lab);
        vanishing(lab, usage);
        connections(lab);
      } finally {
        stop.set(true);
      }
      looking.get(1, TimeUnit.MINUTES);
      watching.get(1, TimeUnit.MINUTES);
      report(lab, usage);
    }
    boolean pass = failures.isEmpty() && longest.get() < LIMIT_MILLIS * 1_000_000;
    failures.forEach(failure -> System.out.println("failed: " + failure));
    return new Outcome(
        "longest of "
            + lookups
            + " lookups "
            + longest.get() / 1_000_000
            + " ms, "
            + failures.size()
            + " other conditions failed",
        "< " + LIMIT_MILLIS + " ms, 0",
        pass);
  }

  private void report(LargeEdge lab, BridgeUsage usage) {
    System.out.println("largest: " + usage);
    if (!lab.bridge().isAlive()) {
      failures.add("the bridge has ended: " + lab.bridge().output());
    }
    if (usage.evaluatorMib() > MEMORY_MIB + 64) { // and what PostgreSQL shares
      failures.add("a process of the evaluator took " + usage.evaluatorMib() + " MiB");
    }
    if (usage.bridgeMib() > Processes.HEAP_MIB + 256) {
      failures.add("the bridge took " + usage.bridgeMib() + " MiB");
    }
    if (usage.filesMib() > 4 * FILES_MIB + 64) {
      failures.add("the evaluator's files took " + usage.filesMib() + " MiB");
    }
  }

  /** Looks keys up one after the other, on a connection of its own. */
  private Void look(LargeEdge lab, AtomicBoolean stop) throws Exception {
    try (Connection connection = lab.direct();
        var statement = connection.prepareStatement("SELECT value FROM big WHERE key = ?")) {
      for (int i = 0; !stop.get(); i++) {
        statement.setString(1, "host%08d.edge.example.com.".formatted(i % 1000));
        long from = System.nanoTime();
        try (ResultSet result = statement.executeQuery()) {
          if (!result.next()) {
            throw new AssertionError("key " + i + " is not there");
          }
        }
        long took = System.nanoTime() - from;
        if (i > 20) { // the first ones compile the code
          longest.accumulateAndGet(took, Math::max);
          lookups.incrementAndGet();
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
    return null;
  }

  /** What ended the bridge's process before. */
  private void heavy(LargeEdge lab) throws SQLException {
    for (String query :
        List.of(
            "SELECT count(*) FROM big a JOIN big b ON a.key = b.key",
            "SELECT key FROM big GROUP BY key HAVING count(*) > 1",
            "SELECT key, value FROM big ORDER BY sequence DESC",
            "SELECT length(repeat('x', 1000000000))",
            "SELECT length(string_agg(key || value || value, ',')) FROM big",
            "SELECT count(*) FROM small WHERE key ~ 'x*x*x*x*y'",
            "SELECT array_agg(a.key || b.key) FROM small a CROSS JOIN small b")) {
      try (Connection connection = lab.direct()) {
        run(connection, query);
      }
    }
    try (Connection connection = lab.analyst()) {
      run(
          connection,
          "CREATE TEMP TABLE o AS SELECT key, value FROM edge.big ORDER BY sequence DESC");
      run(connection, "SELECT count(*) FROM edge.big a JOIN edge.big b USING (key)");
    }
  }

  private void run(Connection connection, String query) throws SQLException {
    long from = System.nanoTime();
    String how;
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(1000);
      long rows = 0;
      if (statement.execute(query)) {
        try (ResultSet result = statement.getResultSet()) {
          while (result.next()) {
            rows++;
          }
        }
      }
      how = rows + " rows";
      connection.commit();
    } catch (SQLException e) {
      how = e.getSQLState() + " " + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      if (!BOUNDED.contains(String.valueOf(e.getSQLState()))) {
        failures.add(query + ": " + how);
      }
      connection.rollback();
    }
    System.out.println((System.nanoTime() - from) / 1_000_000 + " ms: " + query + ": " + how);
  }

  private static final String CROSS =
      "SELECT count(*) FROM small a CROSS JOIN small b CROSS JOIN small c";

  /** Four that never end, for half a minute. */
  private void crowded(LargeEdge lab, ExecutorService threads) throws Exception {
    List<Connection> connections = new ArrayList<>();
    List<Statement> statements = new ArrayList<>();
    List<Future<String>> running = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Connection connection = lab.direct();
      Statement statement = connection.createStatement();
      connections.add(connection);
      statements.add(statement);
      running.add(threads.submit(() -> state(statement)));
    }
    long from = System.nanoTime();
    try (Connection other = lab.direct()) {
      while (System.nanoTime() - from < TimeUnit.SECONDS.toNanos(20)) {
        run(other, "SELECT upper(key) FROM small WHERE key = 'host00000007.edge.example.com.'");
        TimeUnit.SECONDS.sleep(2);
      }
    }
    for (int i = 0; i < 4; i++) {
      long asked = System.nanoTime();
      statements.get(i).cancel();
      String state = running.get(i).get(1, TimeUnit.MINUTES);
      ended("cancel", asked, state);
      connections.get(i).close();
    }
  }

  private static String state(Statement statement) {
    try {
      statement.execute(CROSS);
      return "it came to its end";
    } catch (SQLException e) {
      return String.valueOf(e.getSQLState());
    }
  }

  private void ended(String what, long from, String state) {
    long took = (System.nanoTime() - from) / 1_000_000;
    System.out.println(what + " ended the query after " + took + " ms: " + state);
    if (took > END_MILLIS || !state.equals("57014")) {
      failures.add(what + " took " + took + " ms: " + state);
    }
  }

  /** Timeouts of both ways. */
  private void endings(LargeEdge lab) throws SQLException {
    for (String query : List.of(CROSS, "SELECT count(*) FROM big WHERE sequence < 0")) {
      try (Connection connection = lab.direct();
          Statement statement = connection.createStatement()) {
        statement.execute("SET statement_timeout = 20");
        long from = System.nanoTime();
        try {
          statement.execute(query);
          System.out.println("done within its timeout: " + query);
        } catch (SQLException e) {
          ended("timeout", from + 20_000_000, String.valueOf(e.getSQLState()));
        }
      }
    }
  }

  /** Clients that leave without a word: what they asked for ends too. */
  private void vanishing(LargeEdge lab, BridgeUsage usage) throws Exception {
    int before = usage.evaluatorProcesses();
    List<Connection> leaving = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Connection connection = lab.direct();
      leaving.add(connection);
      Thread.ofVirtual()
          .start(
              () -> {
                try (Statement statement = connection.createStatement()) {
                  statement.execute(CROSS);
                } catch (SQLException e) {
                  // It left.
                }
              });
    }
    TimeUnit.SECONDS.sleep(2);
    int during = usage.evaluatorProcesses();
    for (Connection connection : leaving) {
      connection.abort(Runnable::run);
    }
    long from = System.nanoTime();
    while (usage.evaluatorProcesses() > before
        && System.nanoTime() - from < TimeUnit.SECONDS.toNanos(20)) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    long took = (System.nanoTime() - from) / 1_000_000;
    System.out.println(
        "processes of the evaluator: "
            + before
            + ", with four more clients "
            + during
            + ", "
            + took
            + " ms after they left "
            + usage.evaluatorProcesses());
    if (during <= before || usage.evaluatorProcesses() > before) {
      failures.add("what vanished clients asked for did not end");
    }
  }

  /** More connections than are allowed, some of which say nothing. */
  private void connections(LargeEdge lab) throws Exception {
    List<AutoCloseable> open = new ArrayList<>();
    int refused = 0;
    try {
      for (int i = 0; i < 50; i++) {
        open.add(new Socket(InetAddress.getLoopbackAddress(), lab.port()));
      }
      for (int i = 0; i < 250; i++) {
        try {
          open.add(lab.direct());
        } catch (SQLException e) {
          refused++;
          if (!"53300".equals(e.getSQLState())) {
            failures.add("connection " + i + ": " + e.getSQLState() + " " + e.getMessage());
          }
        }
      }
    } finally {
      for (AutoCloseable one : open) {
        one.close();
      }
    }
    System.out.println(
        "300 connections: " + open.size() + " open at once, " + refused + " refused");
    if (refused == 0) {
      failures.add("no connection was refused");
    }
  }

  /** Samples what the bridge and its evaluator take. */
  private static final class BridgeUsage {
    private final long pid;
    private final AtomicLong bridge = new AtomicLong();
    private final AtomicLong evaluator = new AtomicLong();
    private final AtomicLong files = new AtomicLong();

    BridgeUsage(long pid) {
      this.pid = pid;
    }

    Void watch(AtomicBoolean stop) throws InterruptedException {
      while (!stop.get()) {
        bridge.accumulateAndGet(anonymous(pid), Math::max);
        processes().forEach(child -> evaluator.accumulateAndGet(anonymous(child), Math::max));
        files.accumulateAndGet(temporaryFiles(), Math::max);
        TimeUnit.MILLISECONDS.sleep(200);
      }
      return null;
    }

    private Stream<Long> processes() {
      return ProcessHandle.of(pid).stream()
          .flatMap(ProcessHandle::descendants)
          .map(ProcessHandle::pid);
    }

    /** Memory of a process that is its own, in KiB; 0 once it is gone. */
    private static long anonymous(long pid) {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
          if (line.startsWith("RssAnon:")) {
            return Long.parseLong(line.replaceAll("\\D", ""));
          }
        }
      } catch (IOException e) {
        // It has ended.
      }
      return 0;
    }

    private long temporaryFiles() {
      return processes()
          .flatMap(child -> directory(child).stream())
          .distinct()
          .mapToLong(BridgeUsage::size)
          .sum();
    }

    private static java.util.Optional<Path> directory(long pid) {
      try {
        Path directory = Path.of("/proc/" + pid + "/cwd").toRealPath().resolve("base/pgsql_tmp");
        return Files.isDirectory(directory)
            ? java.util.Optional.of(directory)
            : java.util.Optional.empty();
      } catch (IOException e) {
        return java.util.Optional.empty();
      }
    }

    private static long size(Path directory) {
      try (Stream<Path> all = Files.walk(directory)) {
        return all.mapToLong(file -> file.toFile().length()).sum();
      } catch (IOException | java.io.UncheckedIOException e) {
        return 0;
      }
    }

    /** How many processes serve sessions or anything else of it. */
    int evaluatorProcesses() {
      return (int) processes().count();
    }

    long bridgeMib() {
      return bridge.get() / 1024;
    }

    long evaluatorMib() {
      return evaluator.get() / 1024;
    }

    long filesMib() {
      return files.get() >> 20;
    }

    @Override
    public String toString() {
      return "bridge "
          + bridgeMib()
          + " MiB, a process of the evaluator "
          + evaluatorMib()
          + " MiB, temporary files "
          + filesMib()
          + " MiB";
    }
  }
}
