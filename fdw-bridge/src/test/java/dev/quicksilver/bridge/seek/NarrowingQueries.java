package dev.quicksilver.bridge.seek;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random statements with joins, subselects and unions over small tables. A table stands in them as
 * {@code {name}}, always with an alias, so that something else can be put in its place.
 */
final class NarrowingQueries {
  private static final List<String> KEYS =
      List.of("a", "ab", "abc", "b", "b.c", "B", "c", "é", "a_b", "x", "xy", "100%", "nothing", "");

  private final Random random;
  private int aliases;

  NarrowingQueries(Random random) {
    this.random = random;
  }

  /** An item of FROM and the aliases whose keys it has. */
  private record From(String text, List<String> aliases) {}

  String next() {
    aliases = 0;
    String query = block(List.of(), 2, random.nextInt(3) == 0 ? "count" : "rows");
    if (random.nextInt(6) == 0) {
      String other = random.nextBoolean() ? " UNION ALL " : " UNION ";
      query = "(" + keys(List.of(), 1) + ")" + other + "(" + keys(List.of(), 1) + ")";
    }
    return query;
  }

  /** A block that gives one column of keys. */
  private String keys(List<String> outer, int depth) {
    From from = from(outer, depth);
    String key = pick(from.aliases()) + ".key";
    String limit =
        random.nextInt(3) == 0 ? " ORDER BY 1 NULLS LAST LIMIT " + random.nextInt(4) : "";
    String grouped = random.nextInt(8) == 0 ? " GROUP BY " + key : "";
    return "SELECT "
        + (random.nextInt(5) == 0 && grouped.isEmpty() ? "DISTINCT " : "")
        + key
        + " FROM "
        + from.text()
        + where(from.aliases(), outer, depth)
        + grouped
        + limit;
  }

  private String block(List<String> outer, int depth, String kind) {
    From from = from(outer, depth);
    List<String> columns = new ArrayList<>();
    for (String alias : from.aliases()) {
      columns.add(alias + ".key");
    }
    if (random.nextInt(3) == 0) {
      columns.add("(" + scalar(from.aliases(), depth - 1) + ")");
    }
    String targets = kind.equals("count") ? "count(*)" : String.join(", ", columns);
    return "SELECT " + targets + " FROM " + from.text() + where(from.aliases(), outer, depth);
  }

  /** A subselect with one row. */
  private String scalar(List<String> outer, int depth) {
    From from = from(outer, Math.max(0, depth));
    return "SELECT "
        + pick("count(*)", "max(" + pick(from.aliases()) + ".value)")
        + " FROM "
        + from.text()
        + where(from.aliases(), outer, depth);
  }

  private From from(List<String> outer, int depth) {
    From first = item(outer, depth);
    return switch (random.nextInt(7)) {
      case 0, 1 -> first;
      case 2 -> join(first, item(outer, depth), ", ", null, outer, depth);
      case 3 -> {
        From inner = kindOfJoin(item(outer, depth), item(outer, depth), outer, depth);
        yield kindOfJoin(first, new From("(" + inner.text() + ")", inner.aliases()), outer, depth);
      }
      case 4 -> {
        From left = kindOfJoin(first, item(outer, depth), outer, depth);
        yield kindOfJoin(left, item(outer, depth), outer, depth);
      }
      default -> kindOfJoin(first, item(outer, depth), outer, depth);
    };
  }

  private From kindOfJoin(From left, From right, List<String> outer, int depth) {
    return join(
        left,
        right,
        pick(" JOIN ", " JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "),
        " ON ",
        outer,
        depth);
  }

  private From join(
      From left,
      From right,
      String word,
      @org.jspecify.annotations.Nullable String on,
      List<String> outer,
      int depth) {
    List<String> both = new ArrayList<>(left.aliases());
    both.addAll(right.aliases());
    String condition = "";
    if (on != null && random.nextInt(8) == 0) {
      condition = " USING (key)";
    } else if (on != null) {
      String equality = pick(left.aliases()) + ".key = " + pick(right.aliases()) + ".key";
      boolean full = word.contains("FULL"); // whose condition has to be mergeable
      condition =
          full
              ? equality
              : random.nextInt(3) == 0
                  ? conditions(both, outer, depth)
                  : equality
                      + (random.nextBoolean() ? " AND " + condition(both, outer, depth) : "");
      condition = on + condition;
    }
    return new From(left.text() + word + right.text() + condition, both);
  }

  private From item(List<String> outer, int depth) {
    String alias = "t" + ++aliases;
    if (depth > 0 && random.nextInt(5) == 0) {
      String inner = pick(keys(outer, depth - 1), "SELECT * FROM " + simple());
      return new From("(" + inner + ") " + alias, List.of(alias));
    }
    return new From(
        "{" + pick("zones", "hosts", "zones", "hosts", "pages") + "} " + alias, List.of(alias));
  }

  private String simple() {
    String alias = "t" + ++aliases;
    return "{" + pick("zones", "hosts") + "} " + alias + where(List.of(alias), List.of(), 0);
  }

  private String where(List<String> own, List<String> outer, int depth) {
    return random.nextInt(6) == 0 ? "" : " WHERE " + conditions(own, outer, depth);
  }

  private String conditions(List<String> own, List<String> outer, int depth) {
    List<String> list = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      list.add(condition(own, outer, depth));
    }
    return String.join(random.nextInt(6) == 0 ? " OR " : " AND ", list);
  }

  private String condition(List<String> own, List<String> outer, int depth) {
    String alias = pick(own);
    String test =
        switch (random.nextInt(depth > 0 ? 12 : 9)) {
          case 0, 1 -> alias + ".key = " + key();
          case 2 -> alias + ".key = " + pick(outer.isEmpty() ? own : outer) + ".key";
          case 3 -> alias + ".key = " + pick(own) + ".key";
          case 4 ->
              alias + ".key " + pick("IN", "IN", "NOT IN") + " (" + key() + ", " + key() + ")";
          case 5 ->
              pick(
                  alias + ".key LIKE " + pick("'a%'", "'%b'", "'a\\_%'", "'é_'", "'b'"),
                  alias + ".key ILIKE " + pick("'A%'", "'100\\%'", "'é%'"),
                  alias + ".key ~ " + pick("'^a'", "'^ab?'", "'^b\\.c'", "'^a|x'", "'a'", "'^é'"),
                  "starts_with(" + alias + ".key, " + key() + ")");
          case 6 ->
              pick(
                  alias + ".key " + pick("<", "<=", ">", ">=", "<>") + " " + key(),
                  alias + ".key BETWEEN " + key() + " AND " + key(),
                  "("
                      + alias
                      + ".key, "
                      + alias
                      + ".sequence) "
                      + pick("<", ">=", "=")
                      + " ("
                      + key()
                      + ", "
                      + random.nextInt(30)
                      + ")");
          case 7 ->
              pick(
                  alias + ".key IS NULL",
                  alias + ".key IS NOT NULL",
                  alias + ".key = NULL::text",
                  "true",
                  "(" + alias + ".key = " + key() + ") IS TRUE",
                  "(" + alias + ".key = " + key() + ") IS NOT TRUE",
                  alias + ".key IS NOT DISTINCT FROM " + key());
          case 8 -> "coalesce(" + alias + ".key, " + key() + ") = " + key();
          case 9 ->
              pick("EXISTS", "NOT EXISTS") + " (" + keys(together(own, outer), depth - 1) + ")";
          case 10 ->
              alias
                  + ".key "
                  + pick("IN", "= ANY", "NOT IN")
                  + " ("
                  + keys(together(own, outer), depth - 1)
                  + ")";
          default ->
              "(" + scalar(together(own, outer), depth - 1) + ") " + pick("IS NULL", "IS NOT NULL");
        };
    return switch (random.nextInt(10)) {
      case 0 -> "NOT (" + test + ")";
      case 1 -> "(" + test + " OR " + alias + ".key = " + key() + ")";
      default -> test;
    };
  }

  private static List<String> together(List<String> own, List<String> outer) {
    List<String> both = new ArrayList<>(own);
    both.addAll(outer);
    return both;
  }

  private String key() {
    return SeekQueries.quote(KEYS.get(random.nextInt(KEYS.size())));
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
