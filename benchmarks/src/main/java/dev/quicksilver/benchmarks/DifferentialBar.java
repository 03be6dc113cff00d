package dev.quicksilver.benchmarks;

import dev.quicksilver.fixtures.differential.CaseGenerator;
import dev.quicksilver.fixtures.differential.Differential;
import dev.quicksilver.fixtures.differential.Differential.Peer;
import dev.quicksilver.fixtures.differential.Differential.Server;
import dev.quicksilver.fixtures.differential.DifferentialRows;
import dev.quicksilver.fixtures.wire.WireConnection;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.InstalledPostgres;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code bridge.differential}: random queries over foreign tables of PostgreSQL 18 and 15, and in
 * sessions of the bridge itself, against the same rows in plain tables.
 */
final class DifferentialBar implements Bar {
  private static final int MOST_SHOWN = 40;
  private static final String PATIENCE = "SET statement_timeout = 20000";

  private final AtomicInteger shown = new AtomicInteger();

  @Override
  public String name() {
    return "bridge.differential";
  }

  @Override
  public String description() {
    return "random queries over foreign tables (PostgreSQL 15, 18) and directly: as local copies"
        + " answer";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  /** One way to ask the bridge. */
  private record Way(
      String name,
      int conversations,
      boolean direct,
      Server expected,
      Server actual,
      Optional<Peer> peer) {}

  /** How a way went. */
  private record Went(Way way, Differential differential, int statements) {}

  @Override
  public Outcome run(Settings settings) throws Exception {
    int wanted = settings.size(100_000, 1_500);
    Optional<InstalledPostgres> old = InstalledPostgres.find(15, 15);
    try (BridgeLab lab = BridgeLab.start(DifferentialRows.databases());
        EmbeddedPostgres postgres = EmbeddedPostgres.start()) {
      copyBehindPeers(lab, postgres);
      attach(lab, postgres, postgres);
      int direct = wanted * 2 / 5;
      int foreign = (wanted - direct) / (old.isPresent() ? 2 : 1);
      List<Way> ways = new ArrayList<>();
      ways.add(
          new Way(
              "direct sessions",
              direct,
              true,
              copies(postgres),
              () -> patient(lab.connect()),
              Optional.empty()));
      ways.add(foreign("foreign tables of 18", foreign, postgres, postgres));
      if (old.isEmpty()) {
        System.out.println(
            "PostgreSQL 15 is not installed, so its foreign tables are not asked: apt-get install"
                + " postgresql-15");
        return outcome(run(ways, settings.seed()), false);
      }
      try (EmbeddedPostgres fifteen = EmbeddedPostgres.builder().installed(old.get()).start()) {
        attach(lab, fifteen, postgres);
        ways.add(foreign("foreign tables of 15", foreign, fifteen, postgres));
        return outcome(run(ways, settings.seed()), true);
      }
    }
  }

  private static Way foreign(
      String name, int conversations, EmbeddedPostgres postgres, EmbeddedPostgres behind) {
    return new Way(
        name,
        conversations,
        false,
        copies(postgres),
        tables(postgres, "edge"),
        Optional.of(
            new Peer(tables(postgres, "peer"), () -> BridgeLab.connect(behind, "quicksilver"))));
  }

  /** Makes a database of the bridge's name, so that it can stand in for a bridge. */
  private static void copyBehindPeers(BridgeLab lab, EmbeddedPostgres postgres) throws IOException {
    try (WireConnection sql = BridgeLab.connect(postgres)) {
      sql.require("CREATE DATABASE quicksilver");
    }
    try (WireConnection sql = BridgeLab.connect(postgres, "quicksilver")) {
      lab.copyInto(sql, "public");
    }
  }

  /** Makes local copies, foreign tables of the bridge, and the same of a PostgreSQL. */
  private static void attach(BridgeLab lab, EmbeddedPostgres postgres, EmbeddedPostgres behind)
      throws IOException {
    try (WireConnection sql = BridgeLab.connect(postgres)) {
      lab.copyInto(sql, "public");
      sql.require("ALTER ROLE ALL SET timezone = 'GMT'"); // as the bridge has it
      sql.require(
          "SELECT quicksilver.attach_edge('edge', '127.0.0.1', " + lab.bridge().port() + ")");
      sql.require(
          "SELECT quicksilver.attach_edge('peer', '127.0.0.1', %d, '%s', '%s')"
              .formatted(behind.port(), behind.user(), behind.password()));
    }
  }

  private static WireConnection patient(WireConnection connection) throws IOException {
    connection.require(PATIENCE);
    return connection;
  }

  private static Server copies(EmbeddedPostgres postgres) {
    return () -> patient(BridgeLab.connect(postgres));
  }

  private static Server tables(EmbeddedPostgres postgres, String schema) {
    return () -> {
      WireConnection connection = patient(BridgeLab.connect(postgres));
      connection.require("SET search_path = " + schema);
      return connection;
    };
  }

  private List<Went> run(List<Way> ways, long seed) throws Exception {
    List<Future<Went>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      for (int i = 0; i < ways.size(); i++) {
        Way way = ways.get(i);
        long own = seed + i;
        running.add(threads.submit(() -> run(way, own)));
      }
    }
    List<Went> all = new ArrayList<>();
    for (Future<Went> each : running) {
      try {
        all.add(each.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException("a way to ask came to no end", e.getCause());
      }
    }
    return all;
  }

  private Went run(Way way, long seed) throws IOException {
    var cases = new CaseGenerator(seed, way.direct());
    long start = System.nanoTime();
    int statements = 0;
    try (var differential =
        new Differential(
            cases, way.expected(), way.actual(), way.peer(), text -> show(way, text))) {
      for (int i = 0; i < way.conversations(); i++) {
        statements += differential.next();
        if ((i + 1) % 5_000 == 0) {
          progress(way, i + 1, start);
        }
      }
      progress(way, way.conversations(), start);
      return new Went(way, differential, statements);
    }
  }

  private static void progress(Way way, int done, long start) {
    System.out.printf(
        "%s: %,d conversations, %d/s%n",
        way.name(), done, done * 1_000_000_000L / (System.nanoTime() - start));
  }

  private void show(Way way, String text) {
    if (shown.incrementAndGet() <= MOST_SHOWN) {
      System.out.println(way.name() + ": " + text);
    }
  }

  private static Outcome outcome(List<Went> all, boolean complete) {
    int conversations = 0;
    int statements = 0;
    Map<Differential.Outcome, Integer> counts = new EnumMap<>(Differential.Outcome.class);
    for (Went went : all) {
      Differential differential = went.differential();
      String name = went.way().name();
      System.out.println(name + ": " + differential.kinds() + " " + differential.outcomes());
      differential
          .peerErrors()
          .forEach(
              (error, count) ->
                  System.out.printf(
                      "%s: %d times, also over a PostgreSQL: %s%n", name, count, error));
      conversations += went.way().conversations();
      statements += went.statements();
      differential.outcomes().forEach((which, count) -> counts.merge(which, count, Integer::sum));
    }
    int different = counts.getOrDefault(Differential.Outcome.DIFFERENT, 0);
    int refused = counts.getOrDefault(Differential.Outcome.REFUSED, 0);
    int errors = counts.getOrDefault(Differential.Outcome.ERROR, 0);
    int tooLong = counts.getOrDefault(Differential.Outcome.TOO_LONG, 0);
    return new Outcome(
        "%,d random conversations (%,d statements), %d different, %d refused, %d with other errors, %d given up%s"
            .formatted(
                conversations,
                statements,
                different,
                refused,
                errors,
                tooLong,
                complete ? "" : ", without 15"),
        "= 0 different, 0 refused, 0 other errors; < 1 in 1,000 given up after 20 s",
        complete && different + refused + errors == 0 && tooLong * 1_000L < conversations);
  }
}
