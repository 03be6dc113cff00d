package dev.quicksilver.benchmarks;

import dev.quicksilver.fixtures.wire.Answer;
import dev.quicksilver.fixtures.wire.WireConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Runs a captured statement at a PostgreSQL and at the bridge, as postgres_fdw does. */
final class ShapeComparison {
  private static final Pattern CTID = Pattern.compile("\\bctid\\b");
  private static final Pattern SAMPLE = Pattern.compile("TABLESAMPLE|random\\(\\)");
  private static final Pattern SIZE = Pattern.compile("pg_relation_size|reltuples");
  private static final Pattern ORDER =
      Pattern.compile(" ORDER BY (.*?)( LIMIT \\d+::bigint( OFFSET \\d+::bigint)?)?$");
  private static final Pattern DIRECTION = Pattern.compile(" (ASC|DESC) NULLS (FIRST|LAST)(, )?");
  private static final Pattern COST =
      Pattern.compile("\\(cost=[0-9.]+\\.\\.[0-9.]+ rows=[0-9]+ width=[0-9]+\\)");
  private static final Pattern TUPLE = Pattern.compile("\\(\\d+,\\d+\\)");
  private static final int TUPLE_TYPE = 27;

  private final WireConnection reference;
  private final WireConnection bridge;
  private int executions;

  ShapeComparison(WireConnection reference, WireConnection bridge) {
    this.reference = reference;
    this.bridge = bridge;
  }

  /** What came out for a statement. */
  enum Verdict {
    SAME("the same columns, types and rows, or the same SQLSTATE", false),
    ESTIMATE("estimates, in the form that postgres_fdw reads", false),
    TIES("the same but for the order of rows that sort alike, which is left open:", true),
    CTID("the same but for ctid, which says where a row is stored:", true),
    NO_CTID("refused, since a join has no ctid to show here:", true),
    SAMPLE("random rows of the table, about as many as wanted:", true),
    SIZE("sizes, which are the table's own on each side:", true),
    ENDLESS("too much work for both, and ended alike by statement_timeout:", true),
    WRITE("writes, all refused with 25006", false),
    CONTROL("of transactions, settings and cursors: see the conversation", false),
    REFUSED("refused by the bridge:", true),
    DIFFERENT("answered differently:", true);

    final String meaning;
    final boolean isNamed;

    Verdict(String meaning, boolean isNamed) {
      this.meaning = meaning;
      this.isNamed = isNamed;
    }
  }

  /** How often a statement was run on the bridge. */
  int executions() {
    return executions;
  }

  Verdict compare(CapturedStatement statement) throws IOException {
    Verdict verdict = Verdict.SAME;
    for (List<@Nullable String> parameters : statement.parameters()) {
      Verdict one =
          switch (statement.kind()) {
            case CONTROL -> Verdict.CONTROL;
            case WRITE -> write(statement);
            case EXPLAIN -> explain(statement);
            case CATALOG -> judged(statement, send(reference, statement), send(bridge, statement));
            case CURSOR -> cursor(statement, parameters);
          };
      verdict = one.compareTo(verdict) > 0 ? one : verdict;
    }
    return verdict;
  }

  private Answer send(WireConnection to, CapturedStatement statement) throws IOException {
    executions += to == bridge ? 1 : 0;
    return to.query(statement.sql());
  }

  private Verdict write(CapturedStatement statement) throws IOException {
    Answer answer =
        send(bridge, new CapturedStatement(false, statement.sql().replaceAll("\\$\\d+", "NULL")));
    return verdict(statement, answer.state().equals("25006"), Verdict.WRITE, "25006", answer);
  }

  /**
   * The captured ones that PostgreSQL itself does not take (postgres_fdw 18 made them) have to fail
   * alike.
   */
  private Verdict explain(CapturedStatement statement) throws IOException {
    Answer expected = send(reference, statement);
    Answer actual = send(bridge, statement);
    if (!expected.succeeded() || !actual.succeeded()) {
      return judged(statement, expected, actual);
    }
    boolean scanned = COST.matcher(String.valueOf(actual.rows().getFirst().getFirst())).find();
    return verdict(statement, scanned, Verdict.ESTIMATE, expected, actual);
  }

  private static Verdict verdict(
      CapturedStatement statement, boolean good, Verdict then, Object expected, Answer answer) {
    if (good) {
      return then;
    }
    System.out.println(
        statement.sql() + "\n  expected: " + head(expected) + "\n  bridge:   " + head(answer));
    return answer.succeeded() ? Verdict.DIFFERENT : Verdict.REFUSED;
  }

  private static String head(Object answer) {
    String text = String.valueOf(answer);
    return text.length() <= 1_000 ? text : text.substring(0, 1_000) + " …";
  }

  private Verdict cursor(CapturedStatement statement, List<@Nullable String> parameters)
      throws IOException {
    if (statement.sql().contains("r2.value <> r3.value")) {
      String limit = "SET statement_timeout = ";
      reference.require(limit + "1000");
      bridge.require(limit + "1000");
      Answer expected = scan(reference, statement, parameters);
      Answer actual = scan(bridge, statement, parameters);
      reference.require(limit + "0");
      bridge.require(limit + "0");
      return verdict(
          statement,
          expected.state().equals("57014") && actual.state().equals("57014"),
          Verdict.ENDLESS,
          expected,
          actual);
    }
    return judged(
        statement, scan(reference, statement, parameters), scan(bridge, statement, parameters));
  }

  /** All that a scan by postgres_fdw gives, as one answer. */
  private Answer scan(
      WireConnection connection, CapturedStatement statement, List<@Nullable String> parameters)
      throws IOException {
    executions += connection == bridge ? 1 : 0;
    connection.require("START TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    Answer declared =
        statement.extended()
            ? connection.extended(statement.sql(), parameters)
            : connection.query(statement.sql());
    if (!declared.succeeded()) {
      connection.require("ABORT TRANSACTION");
      return declared;
    }
    List<List<@Nullable String>> rows = new ArrayList<>();
    int size = 100;
    Answer fetched = connection.query("FETCH " + size + " FROM c1");
    while (fetched.succeeded() && fetched.rows().size() == size) {
      rows.addAll(fetched.rows());
      size = 2_000;
      fetched = connection.query("FETCH " + size + " FROM c1");
    }
    if (fetched.succeeded()) {
      connection.require("CLOSE c1");
      connection.require("COMMIT TRANSACTION");
    } else {
      connection.require("ABORT TRANSACTION");
    }
    rows.addAll(fetched.rows());
    return new Answer(
        fetched.columns(),
        rows,
        declared.tags(),
        fetched.failure(),
        fetched.status(),
        declared.parameterTypes());
  }

  /** Whether both are errors of one SQLSTATE, or have the same columns and tags. */
  static boolean sameOutcome(Answer expected, Answer actual) {
    return expected.state().equals(actual.state())
        && expected.tags().equals(actual.tags())
        && expected.status() == actual.status()
        && (!expected.succeeded() || expected.columns().equals(actual.columns()));
  }

  private Verdict judged(CapturedStatement statement, Answer expected, Answer actual)
      throws IOException {
    String sql = statement.sql();
    if (CTID.matcher(sql).find() && expected.succeeded() && actual.state().equals("42703")) {
      return Verdict.NO_CTID;
    }
    if (!sameOutcome(expected, actual)) {
      boolean refused = expected.succeeded() && !actual.succeeded();
      Verdict wrong = verdict(statement, false, Verdict.SAME, expected, actual);
      return refused ? wrong : Verdict.DIFFERENT;
    }
    if (!expected.succeeded() || expected.rows().equals(actual.rows())) {
      return Verdict.SAME;
    }
    if (SAMPLE.matcher(sql).find()) {
      List<List<@Nullable String>> all = scan(reference, wholeTable(sql), List.of()).rows();
      int size = actual.rows().size();
      boolean plausible = size > all.size() / 4 && size < all.size() * 35 / 100;
      return verdict(
          statement, all.containsAll(actual.rows()) && plausible, Verdict.SAMPLE, "30 %", actual);
    }
    if (SIZE.matcher(sql).find()) {
      return verdict(statement, actual.rows().size() == 1, Verdict.SIZE, expected, actual);
    }
    if (CTID.matcher(sql).find()) {
      return verdict(
          statement,
          sorted(withoutPlaces(expected)).equals(sorted(withoutPlaces(actual))),
          Verdict.CTID,
          expected,
          actual);
    }
    Matcher order = ORDER.matcher(sql);
    if (order.find()) {
      return ties(statement, order, expected, actual);
    }
    return verdict(
        statement,
        sorted(expected.rows()).equals(sorted(actual.rows())),
        Verdict.SAME,
        expected,
        actual);
  }

  private static CapturedStatement wholeTable(String sql) {
    return new CapturedStatement(false, sql.replaceAll(" TABLESAMPLE .*| WHERE .*", ""));
  }

  private static List<List<@Nullable String>> withoutPlaces(Answer answer) {
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (List<@Nullable String> row : answer.rows()) {
      List<@Nullable String> changed = new ArrayList<>(row);
      for (int i = 0; i < row.size(); i++) {
        if (answer.columns().get(i).type() == TUPLE_TYPE
            && TUPLE.matcher(String.valueOf(row.get(i))).matches()) {
          changed.set(i, "a place");
        }
      }
      rows.add(changed);
    }
    return rows;
  }

  private static List<String> sorted(List<List<@Nullable String>> rows) {
    return rows.stream().map(String::valueOf).sorted().toList();
  }

  /**
   * Judges rows whose order leaves something open: what they are sorted by has to come in the same
   * order, and without a LIMIT the rows are the same.
   */
  private Verdict ties(CapturedStatement statement, Matcher order, Answer expected, Answer actual)
      throws IOException {
    boolean same = order.group(2) != null || sorted(expected.rows()).equals(sorted(actual.rows()));
    String by = DIRECTION.matcher(order.group(1)).replaceAll(", ");
    String keys = by.substring(0, by.length() - 2);
    String sql = statement.sql();
    int from = sql.indexOf(" FROM ", sql.indexOf(" FOR SELECT "));
    var withKeys =
        new CapturedStatement(
            statement.extended(),
            sql.substring(0, from) + ", ROW(" + keys + ")" + sql.substring(from));
    Answer expectedKeys = scan(reference, withKeys, List.of());
    Answer actualKeys = scan(bridge, withKeys, List.of());
    return verdict(
        statement,
        same && expectedKeys.succeeded() && last(expectedKeys).equals(last(actualKeys)),
        Verdict.TIES,
        expected,
        actual);
  }

  private static List<String> last(Answer answer) {
    List<String> last = new ArrayList<>();
    answer.rows().forEach(row -> last.add(String.valueOf(row.getLast())));
    return Collections.unmodifiableList(last);
  }
}
