package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A statement that postgres_fdw sent to a PostgreSQL, as the replica's tables can take it.
 *
 * @param extended whether it was sent by the extended protocol
 */
record CapturedStatement(boolean extended, String sql) {
  private static final String RESOURCE = "/bridge/postgres-fdw-statements.txt";
  private static final Pattern SEQUENCE = Pattern.compile("\\bseq\\b");
  private static final Pattern PARAMETER =
      Pattern.compile("\\$(\\d+)::([a-z]+(?: [a-z]+)*(?:\\[\\])?)");

  /** Two values of each type that a parameter is cast to. */
  private static final Map<String, List<String>> VALUES =
      Map.of(
          "text",
          List.of("host00000037.example.com.", "a"),
          "text[]",
          List.of("{host00000037.example.com.,b,missing,NULL}", "{}"),
          "bigint",
          List.of("37", "9999"),
          "integer",
          List.of("5", "-1"),
          "double precision",
          List.of("3.5", "1e3"),
          "numeric",
          List.of("3.25", "-7"),
          "boolean",
          List.of("t", "f"),
          "jsonb",
          List.of("{\"a\": 1}", "null"),
          "bytea",
          List.of("\\x00", "\\xdead"),
          "timestamp with time zone",
          List.of("2024-01-01 00:05:00+00", "infinity"));

  /** What is to be done with it. */
  enum Kind {
    /** Declares a cursor: its rows are fetched. */
    CURSOR,
    /** Asks for an estimate. */
    EXPLAIN,
    /** Asks catalogs. */
    CATALOG,
    /** Changes rows. */
    WRITE,
    /** Transactions, settings, cursors. */
    CONTROL
  }

  /** All that were captured. */
  static List<CapturedStatement> all() throws IOException {
    return BridgeLab.resource(RESOURCE)
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(
            line ->
                new CapturedStatement(
                    line.startsWith("P "),
                    SEQUENCE.matcher(line.substring(2)).replaceAll("sequence")))
        .toList();
  }

  Kind kind() {
    return switch (sql.substring(0, (sql + " ").indexOf(' '))) {
      case "DECLARE" -> Kind.CURSOR;
      case "EXPLAIN" -> Kind.EXPLAIN;
      case "SELECT" -> Kind.CATALOG;
      case "INSERT", "UPDATE", "DELETE", "TRUNCATE" -> Kind.WRITE;
      default -> Kind.CONTROL;
    };
  }

  /** Values to run it with, each time other ones; one empty list if it has no parameters. */
  List<List<@Nullable String>> parameters() {
    List<String> types = new ArrayList<>();
    Matcher matcher = PARAMETER.matcher(sql);
    while (matcher.find()) {
      int number = Integer.parseInt(matcher.group(1));
      while (types.size() < number) {
        types.add("");
      }
      types.set(number - 1, matcher.group(2));
    }
    if (types.isEmpty()) {
      return List.of(List.of());
    }
    List<List<@Nullable String>> result = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      List<@Nullable String> values = new ArrayList<>();
      for (String type : types) {
        values.add(round == 2 ? null : Objects.requireNonNull(VALUES.get(type), type).get(round));
      }
      result.add(values);
    }
    return result;
  }
}
