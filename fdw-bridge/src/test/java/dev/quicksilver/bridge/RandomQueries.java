package dev.quicksilver.bridge;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random queries over the tables of {@link EdgeLab}. */
final class RandomQueries {
  private static final List<String> KEYS =
      List.of(
          "a",
          "ab",
          "b",
          "host000123.example.com.",
          "host0005",
          "host",
          "é",
          "😀",
          "100%",
          "ÄB",
          "",
          "zzz",
          "quo'te",
          "back\\slash",
          " ",
          "null",
          "host000999.example.com.");

  private final Random random;

  RandomQueries(Random random) {
    this.random = random;
  }

  String next() {
    return switch (random.nextInt(6)) {
      case 0 -> "SELECT count(*), min(key), max(sequence) FROM dns" + where();
      case 1 ->
          "SELECT key FROM dns"
              + where()
              + " ORDER BY key"
              + pick(" DESC", "", " NULLS FIRST")
              + limit();
      case 2 ->
          "SELECT "
              + group()
              + ", count(*), sum(sequence) FROM dns"
              + where()
              + " GROUP BY 1 ORDER BY 1"
              + limit();
      case 3 ->
          "SELECT d.key, p.sequence FROM dns d "
              + pick("JOIN", "LEFT JOIN")
              + " pages p ON "
              + pick("d.key = p.key", "d.sequence = p.sequence", "p.sequence = d.sequence % 100")
              + where()
                  .replace("key", "d.key")
                  .replace("sequence", "d.sequence")
                  .replace("updated_at", "d.updated_at");
      case 4 -> "SELECT key, " + scalar() + " FROM dns" + where();
      default -> "SELECT key, value, sequence, updated_at FROM dns" + where();
    };
  }

  private String where() {
    int count = random.nextInt(3);
    List<String> conditions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      conditions.add(condition());
    }
    return conditions.isEmpty() ? "" : " WHERE " + String.join(pick(" AND ", " OR "), conditions);
  }

  private String condition() {
    String test =
        switch (random.nextInt(9)) {
          case 0 -> "key " + pick("=", "<>", "<", "<=", ">", ">=") + " " + key();
          case 1 ->
              "key " + pick("IN", "NOT IN") + " (" + key() + ", " + key() + ", " + key() + ")";
          case 2 -> "key " + pick("LIKE", "NOT LIKE", "ILIKE") + " " + pattern();
          case 3 -> "key BETWEEN " + key() + " AND " + key();
          case 4 ->
              "sequence " + pick("=", "<", ">", "<=", ">=", "<>") + " " + random.nextInt(1040);
          case 5 -> "sequence % " + (1 + random.nextInt(20)) + " = " + random.nextInt(5);
          case 6 ->
              pick("length", "octet_length")
                  + "(key) "
                  + pick("<", ">", "=")
                  + " "
                  + random.nextInt(25);
          case 7 ->
              "key "
                  + pick("^@", "~", "~*")
                  + " "
                  + pick("'host00'", "'^host0001'", "'a'", "'[0-5]$'", "'^.$'");
          default ->
              "updated_at "
                  + pick("<", ">", "=")
                  + " timestamptz '2024-01-01 00:0"
                  + random.nextInt(2)
                  + ":"
                  + (10 + random.nextInt(50))
                  + "+00'";
        };
    return random.nextInt(6) == 0 ? "NOT (" + test + ")" : "(" + test + ")";
  }

  private String scalar() {
    return pick(
        "upper(key)",
        "lower(key)",
        "length(key)",
        "left(key, 4)",
        "right(key, -2)",
        "reverse(key)",
        "substring(key, 2, 3)",
        "strpos(key, 'e')",
        "replace(key, 'host', 'h')",
        "md5(key)",
        "split_part(key, '.', 2)",
        "sequence * 2 + 1",
        "sequence / 7",
        "sequence / 7.0",
        "-sequence",
        "abs(sequence - 500)",
        "sequence & 255",
        "sequence > 500",
        "CASE WHEN sequence < 500 THEN key ELSE 'z' END",
        "key || '!'",
        "initcap(key)",
        "ascii(key)",
        "lpad(key, 12, '*')",
        "btrim(key, 'a.')");
  }

  private String group() {
    return pick(
        "sequence % 7", "left(key, 5)", "length(key)", "sequence > 500", "substring(key, 1, 8)");
  }

  private String pattern() {
    return "'"
        + pick(
            "host0001%",
            "%com.", "h_st%", "%", "_", "é%", "%\\%%", "%5%", "A%", "host000123.example.com.")
        + "'";
  }

  private String key() {
    return "'" + KEYS.get(random.nextInt(KEYS.size())).replace("'", "''") + "'";
  }

  private String limit() {
    return pick("", "", " LIMIT " + random.nextInt(20), " LIMIT 5 OFFSET " + random.nextInt(10));
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
