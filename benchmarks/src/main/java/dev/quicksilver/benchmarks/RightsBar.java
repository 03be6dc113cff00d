package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.BRIDGE_EVALUATOR_IDLE;

import dev.quicksilver.fixtures.rights.Manner;
import dev.quicksilver.fixtures.rights.RightsCheck;
import dev.quicksilver.fixtures.rights.RightsCheck.Cell;
import dev.quicksilver.fixtures.rights.RightsCheck.Leak;
import dev.quicksilver.fixtures.rights.Way;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Who may see what: users × databases × ways. Roles of the central PostgreSQL are granted databases
 * there, and ask a bridge for all of them, directly with TLS and through the foreign tables of an
 * analyst's PostgreSQL, while others read what they may not; then the rights change, and all is
 * asked again. What a user may not read has to look like what is not there.
 */
final class RightsBar implements Bar {
  private static final List<String> DATABASES =
      List.of("dns_zones", "web_pages", "secret_plans", "payroll_q", "edge_rules", "zonefiles");
  private static final List<String> USERS = List.of("alice", "bobby", "dieter", "emilia", "frida");

  /** May read everything, databases to come too. */
  private static final String ALL = "carola";

  /** What an analyst's PostgreSQL can be asked, whose schema {@code edge} is attached. */
  private static final List<Way> FOREIGN =
      List.of(
          new Way(
              "foreign tables",
              Manner.STATEMENT,
              List.of(
                  "SELECT key, value FROM edge.NAME ORDER BY key",
                  "SELECT count(*) FROM edge.NAME_log",
                  "SELECT relname FROM pg_class WHERE relname LIKE 'NAME%' ORDER BY 1",
                  "SELECT name, pairs FROM edge.databases WHERE name = 'NAME'",
                  "SELECT * FROM edge.databases WHERE lower(name) = 'NAME'",
                  "SELECT count(*) FROM edge.replication WHERE database LIKE 'NAME%'")),
          new Way(
              "IMPORT FOREIGN SCHEMA",
              Manner.STATEMENT,
              List.of(
                  imported("public", "NAME"),
                  imported("public", "NAME_log"),
                  imported("pg_lean", "NAME"),
                  imported("quicksilver", "NAME"))),
          new Way(
              "hand-made foreign table",
              Manner.STATEMENT,
              List.of(
                  handMade("public", "NAME", "SELECT count(*) FROM mine"),
                  handMade("public", "NAME_log", "SELECT key FROM mine LIMIT 1"),
                  handMade("pg_lean", "NAME", "SELECT key FROM mine WHERE key = 'a'"),
                  handMade("public", "NAME", "ANALYZE mine"),
                  handMade("public", "NAME", "EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM mine"))));

  private static String imported(String schema, String table) {
    return "BEGIN; CREATE SCHEMA scratch; IMPORT FOREIGN SCHEMA "
        + schema
        + " LIMIT TO ("
        + table
        + ") FROM SERVER edge INTO scratch; SELECT relname FROM pg_class WHERE relnamespace ="
        + " 'scratch'::regnamespace ORDER BY 1; ROLLBACK";
  }

  private static String handMade(String schema, String table, String query) {
    return "BEGIN; CREATE FOREIGN TABLE mine (key text) SERVER edge OPTIONS (schema_name '"
        + schema
        + "', table_name '"
        + table
        + "'); "
        + query
        + "; ROLLBACK";
  }

  private final List<Leak> leaks = new ArrayList<>();
  private int answers;

  @Override
  public String name() {
    return "bridge.rights";
  }

  @Override
  public String description() {
    return "who may see what: users × databases × ways; how soon a right counts at the edge";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    var random = new Random(settings.seed());
    Set<String> databases = new TreeSet<>(DATABASES.subList(0, settings.size(DATABASES.size(), 3)));
    List<String> users = USERS.subList(0, settings.size(USERS.size(), 2));
    try (TeamEdge edge = TeamEdge.start(how -> how.with(BRIDGE_EVALUATOR_IDLE, "10s"))) {
      prepare(edge, databases, users);
      Map<String, Set<String>> rights = new LinkedHashMap<>();
      users.forEach(user -> rights.put(user, Set.of()));
      for (int round = 0; round < settings.size(3, 1); round++) {
        rights.putAll(change(edge, random, rights, databases, round));
        rights.put(ALL, databases);
        try (var _ = new Others(edge, databases)) {
          check("on the bridge", new RightsCheck(edge::as, rights, databases), rights, databases);
        }
        foreign(edge, rights, databases);
      }
      control(edge, rights, databases);
      var logins = new RightsLogins(edge);
      leaks.addAll(logins.strangers(users.getFirst()));
      leaks.addAll(logins.heldOn(databases.iterator().next(), settings.size(5, 1)));
      answers += logins.answers();
      long median = logins.delays(databases.iterator().next(), settings.size(50, 10));
      leaks.forEach(leak -> System.out.println("leak: " + leak));
      if (!edge.bridge().isAlive()) {
        throw new AssertionError("the bridge has ended: " + edge.output());
      }
      return new Outcome(
          String.format(
              Locale.ROOT,
              "%,d answers, %d leaks, a right counts after %d ms (median)",
              answers,
              leaks.size(),
              median),
          "0 leaks, < 1000 ms",
          leaks.isEmpty() && median < 1000);
    }
  }

  private static void prepare(TeamEdge edge, Set<String> databases, List<String> users)
      throws SQLException {
    for (String database : databases) {
      edge.sql("SELECT quicksilver.create_database('" + database + "')");
      edge.sql(
          "INSERT INTO %1$s SELECT k, '%1$s ' || k FROM unnest(ARRAY['a', 'b', 'c']) k"
              .formatted(database));
    }
    List<String> all = new ArrayList<>(users);
    all.add(ALL);
    for (String user : all) {
      edge.sql("CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(user, TeamEdge.password(user)));
    }
    edge.sql("SELECT quicksilver.grant_read('" + ALL + "', '*')");
  }

  /** Gives each user other rights, centrally; waits until the edge has them. */
  private static Map<String, Set<String>> change(
      TeamEdge edge,
      Random random,
      Map<String, Set<String>> before,
      Set<String> databases,
      int round)
      throws Exception {
    Map<String, Set<String>> after = new LinkedHashMap<>();
    List<String> calls = new ArrayList<>();
    for (String user : before.keySet().stream().filter(user -> !user.equals(ALL)).toList()) {
      Set<String> now = new TreeSet<>();
      while (now.isEmpty() || now.size() == databases.size()) {
        now.clear();
        databases.stream().filter(database -> random.nextBoolean()).forEach(now::add);
      }
      for (String database : databases) {
        boolean had = before.getOrDefault(user, Set.of()).contains(database);
        if (now.contains(database) != had) {
          calls.add(
              "SELECT quicksilver.%s_read('%s', '%s')"
                  .formatted(had ? "revoke" : "grant", user, database));
        }
      }
      after.put(user, now);
    }
    calls.add("CREATE ROLE round_%d LOGIN PASSWORD 'pw round_%1$d'".formatted(round));
    calls.add("SELECT quicksilver.grant_read('round_" + round + "', '*')");
    edge.sql(String.join(";", calls)); // one transaction: who comes last has all before
    RightsLogins.await(edge, "round_" + round, TimeUnit.MINUTES.toNanos(1));
    edge.sql("SELECT quicksilver.revoke_read('round_" + round + "', '*')");
    return after;
  }

  private void check(
      String where, RightsCheck check, Map<String, Set<String>> rights, Set<String> databases)
      throws SQLException {
    long from = System.nanoTime();
    List<Leak> found = check.run();
    leaks.addAll(found);
    answers += check.answers().values().stream().mapToInt(Integer::intValue).sum();
    System.out.printf("%nanswers/leaks %s (+: may read)%n%-8s", where, "");
    databases.forEach(database -> System.out.printf("%16s", database));
    System.out.println();
    for (String user : rights.keySet()) {
      System.out.printf("%-8s", user);
      for (String database : databases) {
        long leaked =
            found.stream()
                .filter(leak -> leak.user().equals(user) && leak.database().equals(database))
                .count();
        String may = rights.getOrDefault(user, Set.of()).contains(database) ? " +" : "";
        int asked = check.answers().getOrDefault(new Cell(user, database), 0);
        System.out.printf("%16s", asked + "/" + leaked + may);
      }
      System.out.println();
    }
    System.out.println("took " + (System.nanoTime() - from) / 1_000_000 + " ms");
  }

  /** The same through foreign tables: a PostgreSQL in which each user has a database. */
  private void foreign(TeamEdge edge, Map<String, Set<String>> rights, Set<String> databases)
      throws Exception {
    String attach =
        Files.readString(Path.of("sql/src/main/resources/dev/quicksilver/sql/R__attach_edge.sql"));
    try (EmbeddedPostgres analyst = EmbeddedPostgres.start()) {
      for (String user : rights.keySet()) {
        run(analyst, "postgres", "CREATE DATABASE " + user);
        run(analyst, user, attach);
        run(
            analyst,
            user,
            "SELECT quicksilver.attach_edge('edge', 'localhost', %d, '%s', '%s', sslrootcert => '%s')"
                .formatted(edge.port(), user, TeamEdge.password(user), edge.authorities()));
      }
      check(
          "through postgres_fdw",
          new RightsCheck(analyst::connect, rights, databases, FOREIGN, false),
          rights,
          databases);
    }
  }

  private static void run(EmbeddedPostgres postgres, String database, String sql)
      throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The check itself has to find what is there: it is told that one may not read what one may. */
  private static void control(TeamEdge edge, Map<String, Set<String>> rights, Set<String> databases)
      throws SQLException {
    Map<String, Set<String>> wrong = new HashMap<>(rights);
    String user = rights.keySet().iterator().next();
    wrong.keySet().retainAll(Set.of(user, ALL));
    wrong.put(user, Set.of());
    Set<String> readable = rights.getOrDefault(user, Set.of());
    Set<String> found = new TreeSet<>();
    for (Leak leak : new RightsCheck(edge::as, wrong, databases).run()) {
      if (!readable.contains(leak.database())) {
        throw new AssertionError("not one of those that the check is wrong about: " + leak);
      }
      found.add(leak.way());
    }
    System.out.println("\ncontrol: told that " + user + " may read nothing it finds: " + found);
    List<String> blind =
        Way.OF_A_BRIDGE.stream()
            .map(Way::name)
            .filter(way -> !way.equals(Way.REFUSED_ALIKE) && !found.contains(way))
            .toList();
    if (!blind.isEmpty()) {
      throw new AssertionError("the check does not see what is told by: " + blind);
    }
  }

  /** Sessions of one who may read all, in each database: at work, within cursors, and idle. */
  private static final class Others implements AutoCloseable {
    private final List<Connection> sessions = new ArrayList<>();

    Others(TeamEdge edge, Set<String> databases) throws SQLException {
      for (String database : databases) {
        Connection cursor = open(edge);
        cursor.setAutoCommit(false);
        execute(cursor, "DECLARE c CURSOR FOR SELECT upper(key) FROM " + database);
        execute(cursor, "FETCH 1 FROM c");
        execute(open(edge), "PREPARE p AS SELECT lower(key) FROM " + database);
      }
      String first = databases.iterator().next();
      Connection busy = open(edge);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  execute(busy, "SELECT pg_sleep(600), count(*) FROM " + first);
                } catch (SQLException e) {
                  // It is ended with the round.
                }
              });
    }

    private Connection open(TeamEdge edge) throws SQLException {
      Connection connection = edge.as(ALL);
      sessions.add(connection);
      return connection;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }

    @Override
    public void close() throws SQLException {
      for (Connection session : sessions) {
        session.abort(Runnable::run);
      }
    }
  }
}
