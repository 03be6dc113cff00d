package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.InstalledPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What clients show of a bridge, against what they show of a PostgreSQL with the same tables:
 * psql's commands, pgjdbc's DatabaseMetaData, the drivers of Node.js and Python, and questions to
 * the catalogs as tools ask them.
 */
final class ClientsBar implements Bar {
  private static final List<String> PSQL =
      List.of(
          "\\d",
          "\\dt",
          "\\dt+",
          "\\d dns",
          "\\d+ dns",
          "\\d pages_log",
          "\\d databases",
          "\\dn",
          "\\dn+",
          "\\l",
          "\\df",
          "\\dv",
          "\\dm",
          "\\ds",
          "\\di",
          "\\dT",
          "\\dD",
          "\\dD quicksilver.*",
          "\\dp",
          "\\z",
          "\\du analyst",
          "\\dg analyst",
          "\\dd",
          "\\ddp",
          "\\dRp",
          "\\dRs",
          "\\dL",
          "\\dC",
          "\\do",
          "\\da",
          "\\dF",
          "\\dAc",
          "\\db",
          "\\dP",
          "\\dy",
          "\\sf+ lower",
          "\\conninfo",
          "\\encoding",
          "\\dconfig search_path",
          "\\copy dns to stdout",
          "\\copy (select key from dns where key < 'b') to stdout csv header",
          "SELECT key FROM dns WHERE key ^@ 'host00000' \\gdesc",
          "SELECT upper(key) FROM dns WHERE key ~ '^[ab]$' ORDER BY 1",
          "BEGIN; SELECT count(*) FROM dns; SELECT max(length(key)) FROM dns; COMMIT",
          "SELECT nonsense",
          "SELECT 1; SELECT key FROM nowhere; SELECT 2",
          "\\set FETCH_COUNT 50\nSELECT key, value FROM dns ORDER BY key");

  /** What psql's completion of names asks; the command line gives no other way to press Tab. */
  private static final List<String> CATALOGS =
      List.of(
          "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f',"
              + " 'p') AND substring(c.relname, 1, 2) = 'dn' AND"
              + " pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1",
          "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE"
              + " table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
          "SELECT table_name, column_name, ordinal_position, is_nullable, data_type, domain_name,"
              + " udt_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY"
              + " 1, 3",
          "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
              + " a.attnotnull FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN"
              + " pg_attribute a ON a.attrelid = c.oid WHERE n.nspname = 'public' AND a.attnum > 0"
              + " ORDER BY 1, 2, a.attnum",
          "SELECT schema_name FROM information_schema.schemata ORDER BY 1",
          "SELECT has_table_privilege('public.dns', 'SELECT'), has_schema_privilege('public',"
              + " 'USAGE')",
          "SELECT t.typname, t.typtype, t.typelem = 0, b.typname FROM pg_type t JOIN pg_namespace n"
              + " ON n.oid = t.typnamespace LEFT JOIN pg_type b ON b.oid = t.typbasetype WHERE"
              + " n.nspname = 'quicksilver' ORDER BY 1",
          "SELECT count(*) > 80 FROM pg_type t JOIN pg_proc p ON p.oid = t.typreceive WHERE"
              + " t.typtype IN ('b', 'r', 'm', 'e', 'd') AND t.typarray <> 0",
          "SELECT current_database(), current_schema(), current_user, session_user",
          "SELECT setting FROM pg_settings WHERE name IN ('server_version_num', 'max_index_keys')"
              + " ORDER BY name",
          "SHOW server_version",
          "SHOW standard_conforming_strings",
          "SHOW transaction_isolation",
          "SELECT datname, datallowconn, datistemplate FROM pg_database ORDER BY 1",
          "SELECT conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE relname"
              + " = 'dns' AND contype = 'p'",
          "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname ="
              + " 'dns'",
          "SELECT to_regclass('public.dns') IS NOT NULL, obj_description('public.dns'::regclass)",
          "SELECT floor(extract(epoch FROM updated_at) / 60) * 60 AS time, count(*) FROM dns WHERE"
              + " updated_at BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z' GROUP BY 1"
              + " ORDER BY 1",
          "SELECT \"public\".\"dns\".\"key\" AS \"key\", COUNT(*) AS \"count\" FROM"
              + " \"public\".\"dns\" GROUP BY \"public\".\"dns\".\"key\" ORDER BY"
              + " \"public\".\"dns\".\"key\" ASC LIMIT 20");

  private int compared;
  private final List<String> different = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  @Override
  public String name() {
    return "bridge.clients";
  }

  @Override
  public String description() {
    return "what real clients show of a bridge and of a PostgreSQL with the same tables";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    try (Twins twins = Twins.start()) {
      pgjdbc(twins);
      psql(twins);
      node(twins);
      psycopg(twins);
    }
    missing.add(
        "Npgsql, DBeaver, DataGrip, Metabase, Grafana, Power BI: no such program here; what"
            + " they ask the catalogs for is among the statements above");
    missing.forEach(line -> System.out.println("not run: " + line));
    different.forEach(System.out::println);
    return new Outcome(
        compared + " answers compared, " + different.size() + " different",
        "= 0 different",
        different.isEmpty() && compared > 0);
  }

  /**
   * Compares two answers. The domains and row types that the evaluator needs for itself (schema
   * pg_lean) and sizes of files are left out: those of a bridge are not those of a PostgreSQL.
   */
  private void compare(String what, String postgres, String bridge) {
    compared++;
    String ofPostgres = comparable(what, postgres);
    String ofBridge = comparable(what, bridge);
    if (!ofPostgres.equals(ofBridge)) {
      different.add(
          "different: " + what + "\n--- PostgreSQL\n" + ofPostgres + "\n--- bridge\n" + ofBridge);
    }
  }

  private static String comparable(String what, String answer) {
    Stream<String> lines = answer.lines();
    if (what.endsWith("getSchemas") || what.endsWith("getTypeInfo")) {
      lines = lines.filter(line -> !OWN.matcher(line).find()).distinct();
    }
    if (what.endsWith("\\dt+")) {
      lines =
          lines.map(line -> line.replaceAll("[ -]+", " ").replaceAll("\\d+ [kM]?B|0 bytes", "…"));
    }
    return lines.collect(Collectors.joining("\n"));
  }

  /** What the evaluator's own schema adds; arrays of the tables' rows are there for both. */
  private static final Pattern OWN =
      Pattern.compile("^pg_lean|^_?plain_|^_(dns|pages|blobs)(_log)?\\||^_databases\\|");

  private static final Pattern CHANGING =
      Pattern.compile("(port \"?)\\d+|pid[=: ]+\\d+|[0-9]+ (kB|bytes)");

  private void psql(Twins twins) throws IOException, InterruptedException {
    if (InstalledPostgres.find(13, 99).isEmpty() && !Files.isExecutable(Path.of("/usr/bin/psql"))) {
      SystemPackages.attempt(
          () -> SystemPackages.run(List.of("psql", "--version")), "postgresql-client");
    }
    System.out.println(SystemPackages.run(List.of("psql", "--version")).strip());
    for (String command : PSQL) {
      compare(
          "psql " + command,
          psql(twins.postgresPort(), twins.password(), command),
          psql(twins.bridgePort(), "", command));
    }
    for (String query : CATALOGS) {
      compare(
          "psql " + query,
          psql(twins.postgresPort(), twins.password(), query),
          psql(twins.bridgePort(), "", query));
    }
    System.out.println("psql: " + (PSQL.size() + CATALOGS.size()) + " commands");
  }

  private static String psql(int port, String password, String command)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
            "psql",
            "-X",
            "-h",
            "127.0.0.1",
            "-p",
            Integer.toString(port),
            "-U",
            "analyst",
            "-d",
            "quicksilver");
    builder.environment().put("PGPASSWORD", password);
    builder.environment().put("PGCLIENTENCODING", "UTF8");
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().write(command.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return CHANGING.matcher(output).replaceAll("$1…");
  }

  private interface Question {
    ResultSet ask(DatabaseMetaData of) throws SQLException;
  }

  private void pgjdbc(Twins twins) throws SQLException {
    Map<String, Question> questions =
        Map.ofEntries(
            Map.entry("getCatalogs", DatabaseMetaData::getCatalogs),
            Map.entry("getSchemas", DatabaseMetaData::getSchemas),
            Map.entry("getTableTypes", DatabaseMetaData::getTableTypes),
            Map.entry("getTypeInfo", DatabaseMetaData::getTypeInfo),
            Map.entry("getClientInfoProperties", DatabaseMetaData::getClientInfoProperties),
            Map.entry("getTables", m -> m.getTables(null, null, "%", new String[] {"TABLE"})),
            Map.entry("getTables of public", m -> m.getTables(null, "public", null, null)),
            Map.entry("getColumns", m -> m.getColumns(null, "public", "%", "%")),
            Map.entry("getPrimaryKeys", m -> m.getPrimaryKeys(null, "public", "dns")),
            Map.entry("getImportedKeys", m -> m.getImportedKeys(null, "public", "dns")),
            Map.entry("getExportedKeys", m -> m.getExportedKeys(null, "public", "dns")),
            Map.entry("getIndexInfo", m -> m.getIndexInfo(null, "public", "dns", false, true)),
            Map.entry(
                "getBestRowIdentifier",
                m -> m.getBestRowIdentifier(null, "public", "dns", 0, true)),
            Map.entry("getVersionColumns", m -> m.getVersionColumns(null, "public", "dns")),
            Map.entry("getTablePrivileges", m -> m.getTablePrivileges(null, "public", "dns")),
            Map.entry(
                "getColumnPrivileges", m -> m.getColumnPrivileges(null, "public", "dns", "%")),
            Map.entry("getProcedures", m -> m.getProcedures(null, "public", "%")),
            Map.entry("getFunctions", m -> m.getFunctions(null, "public", "%")),
            Map.entry("getUDTs", m -> m.getUDTs(null, "quicksilver", "%", null)),
            Map.entry(
                "getFunctionColumns", m -> m.getFunctionColumns(null, "pg_catalog", "lower", "%")));
    try (Connection postgres = twins.postgres();
        Connection bridge = twins.bridge()) {
      for (Map.Entry<String, Question> question : questions.entrySet()) {
        compare(
            "pgjdbc " + question.getKey(),
            answer(postgres, question.getValue()),
            answer(bridge, question.getValue()));
      }
      compare("pgjdbc versions", version(postgres), version(bridge));
      compare("pgjdbc isolation", isolation(postgres), isolation(bridge));
      for (String query : CATALOGS) {
        for (int time = 0; time < 7; time++) { // named after five, in binary then
          compare("pgjdbc " + query, prepared(postgres, query), prepared(bridge, query));
        }
      }
      for (String query :
          List.of(
              "SELECT key, value, sequence, updated_at FROM dns ORDER BY key",
              "SELECT * FROM blobs ORDER BY key",
              "SELECT * FROM pages ORDER BY key DESC LIMIT 3",
              "SELECT avg(sequence), stddev(sequence), array_agg(key ORDER BY key) FROM dns")) {
        for (int time = 0; time < 7; time++) {
          compare("pgjdbc " + query, prepared(postgres, query), prepared(bridge, query));
        }
      }
    }
    System.out.println("pgjdbc: " + questions.size() + " questions of DatabaseMetaData, and more");
  }

  private static String answer(Connection connection, Question question) {
    try (ResultSet rows = question.ask(connection.getMetaData())) {
      return rows(rows);
    } catch (SQLException e) {
      return e.getSQLState() + " " + e.getMessage();
    }
  }

  private static String version(Connection connection) throws SQLException {
    DatabaseMetaData of = connection.getMetaData();
    return of.getDatabaseProductVersion()
        + " "
        + of.getUserName()
        + " "
        + connection.getCatalog()
        + " "
        + connection.getSchema()
        + " "
        + of.getMaxColumnNameLength();
  }

  private static String isolation(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    String said = connection.getTransactionIsolation() + " " + connection.isReadOnly();
    connection.rollback();
    connection.setReadOnly(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(true);
    return said + " " + connection.getTransactionIsolation() + " " + connection.isValid(5);
  }

  private static String prepared(Connection connection, String query) {
    try (var statement = connection.prepareStatement(query);
        ResultSet rows = statement.executeQuery()) {
      return rows(rows);
    } catch (SQLException e) {
      return e.getSQLState() + " " + e.getMessage();
    }
  }

  /** Rows as text, with the columns' names and types; numbers that name objects are left out. */
  private static String rows(ResultSet rows) throws SQLException {
    ResultSetMetaData of = rows.getMetaData();
    var text = new StringBuilder();
    for (int i = 1; i <= of.getColumnCount(); i++) {
      text.append(of.getColumnName(i)).append(' ').append(of.getColumnTypeName(i)).append(' ');
    }
    List<String> lines = new ArrayList<>();
    while (rows.next()) {
      List<String> line = new ArrayList<>();
      for (int i = 1; i <= of.getColumnCount(); i++) {
        line.add(
            rows.getObject(i) instanceof byte[] bytes
                ? HexFormat.of().formatHex(bytes)
                : String.valueOf(rows.getString(i)));
      }
      lines.add(String.join("|", line).replaceAll("(lower_)\\d+", "$1…"));
    }
    return text + "\n" + String.join("\n", lines);
  }

  private static final List<String> DRIVEN =
      List.of(
          "SELECT key, value, sequence, updated_at FROM dns ORDER BY key LIMIT 5",
          "SELECT upper(key), sequence * 1.5, sequence > 3 FROM dns ORDER BY key LIMIT 5",
          "SELECT value FROM pages ORDER BY key LIMIT 2",
          "SELECT value FROM blobs ORDER BY key",
          "SELECT lsn, commit_time, op FROM dns_log ORDER BY sequence LIMIT 2",
          "SELECT count(*) FROM dns",
          "SELECT nonsense FROM dns",
          "SELECT 1/0");

  private void node(Twins twins) throws IOException, InterruptedException {
    Path script = script("node-pg.js", twins.folder());
    try {
      SystemPackages.run(
          List.of(
              "npm",
              "install",
              "--silent",
              "--no-audit",
              "--no-fund",
              "--prefix",
              twins.folder().resolve("node").toString(),
              "pg@8"));
    } catch (IOException e) {
      missing.add("node-pg: npm install failed: " + firstLine(e));
      return;
    }
    List<String> start =
        List.of("node", script.toString(), twins.folder().resolve("node").toString());
    compare(
        "node-pg",
        driven(start, twins.postgresPort(), twins.password()),
        driven(start, twins.bridgePort(), ""));
    System.out.println("node-pg: " + 3 * DRIVEN.size() + " results and two with parameters");
  }

  private void psycopg(Twins twins) throws IOException, InterruptedException {
    String python = "/usr/bin/python3";
    try {
      SystemPackages.attempt(
          () -> SystemPackages.run(List.of(python, "-c", "import psycopg2")), "python3-psycopg2");
    } catch (IOException e) {
      missing.add("psycopg: " + firstLine(e));
      return;
    }
    List<String> start = List.of(python, script("psycopg.py", twins.folder()).toString());
    compare(
        "psycopg",
        driven(start, twins.postgresPort(), twins.password()),
        driven(start, twins.bridgePort(), ""));
    System.out.println("psycopg: " + DRIVEN.size() + " results, a named cursor, a session");
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private static String driven(List<String> start, int port, String password)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(start);
    command.add(Integer.toString(port));
    command.add(password);
    command.addAll(DRIVEN);
    return SystemPackages.run(command);
  }

  private static Path script(String name, Path folder) throws IOException {
    Path script = folder.resolve(name);
    try (InputStream in =
        Objects.requireNonNull(ClientsBar.class.getResourceAsStream("/clients/" + name))) {
      Files.copy(in, script);
    }
    return script;
  }
}
