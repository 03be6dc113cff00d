package dev.quicksilver.bridge.seek;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Random statements of the closed set over the tables of {@link SeekLab}. */
final class SeekQueries {
  private static final List<String> TEXTS =
      List.of(
          "a",
          "ab",
          "b",
          "host000123.example.com.",
          "host0005",
          "host",
          "host000999.example.com.",
          "é",
          "É",
          "😀",
          "😀x",
          "100%",
          "ÄB",
          "",
          "zzz",
          "quo'te",
          "back\\slash",
          " ",
          "null",
          "NULL",
          "comma,key",
          "\"quoted\"",
          "{}",
          "a%b",
          "a_b",
          "\\",
          "~",
          "k".repeat(511),
          "k".repeat(600),
          "\uffff",
          new String(Character.toChars(0x10ffff)));

  private static final List<String> PATTERNS =
      List.of(
          "host0001%",
          "%com.",
          "h_st%",
          "%",
          "_",
          "__",
          "é%",
          "%\\%%",
          "%5%",
          "A%",
          "a%",
          "%a%b%",
          "host000123.example.com.",
          "",
          "😀%",
          "_x",
          "%😀_%",
          "\\%",
          "a\\_b",
          "a\\\\b",
          "%é",
          "É_%",
          "HOST0001%",
          "%_%_%_%",
          "%%%",
          "k%l",
          "\\a%",
          "_%");

  private final Random random;

  SeekQueries(Random random) {
    this.random = random;
  }

  /** A statement whose rows have the order that it asks for, or none. */
  String next() {
    return switch (random.nextInt(10)) {
      case 0 -> blobs();
      case 1, 2 -> log();
      case 3 -> "SELECT count(*) FROM dns" + where(this::pairCondition);
      default -> pairs(pick("dns", "dns", "pages"));
    };
  }

  private String pairs(String table) {
    String alias = pick("", " d", " AS d");
    String name = alias.isEmpty() ? table : "d";
    String from = " FROM " + pick("", "public.") + table + alias;
    String targets =
        pick(
            "*",
            "key",
            "key, value",
            "sequence, updated_at, key AS name",
            "NULL, key",
            "1, key, 5000000000",
            name + ".*",
            name + ".sequence AS key");
    return "SELECT "
        + targets
        + from
        + where(this::pairCondition)
        + pairOrder(targets, name)
        + (random.nextInt(10) == 0 ? " FOR UPDATE" : "");
  }

  private String pairOrder(String targets, String name) {
    String direction = pick("", " ASC", " DESC", " DESC NULLS LAST");
    boolean renamed = targets.endsWith("AS key");
    return switch (random.nextInt(5)) {
      case 0, 1 -> "";
      case 2 -> " ORDER BY " + name + ".key" + direction + pick("", ", sequence DESC") + limit("");
      case 3 ->
          (renamed ? " ORDER BY 1" : " ORDER BY " + name + ".sequence")
              + direction
              + limit(" LIMIT 30");
      default ->
          " ORDER BY updated_at"
              + direction
              + ", "
              + pick(name + ".key", "sequence DESC")
              + limit(" LIMIT 17 OFFSET 3");
    };
  }

  private String blobs() {
    return "SELECT * FROM blobs"
        + where(
            () ->
                pick(
                    "key " + comparison() + " " + blob(),
                    "key IN (" + blob() + ", " + blob() + ")",
                    "key BETWEEN " + blob() + " AND " + blob(),
                    "sequence < " + random.nextInt(200)))
        + pick("", " ORDER BY key", " ORDER BY key DESC LIMIT 7");
  }

  private String blob() {
    return "'\\x"
        + pick("", "00", "25", "4aFF", "ff", "de4310", "8000ffee01")
        + pick("'", "'::bytea");
  }

  private String log() {
    String table = pick("dns_log", "pages_log");
    String order =
        switch (random.nextInt(6)) {
          case 0 -> " ORDER BY sequence" + limit("");
          case 1 -> " ORDER BY sequence DESC" + limit(" LIMIT 12");
          case 2 ->
              " ORDER BY key"
                  + pick("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
                  + ", sequence"
                  + limit(" LIMIT 40");
          case 3 -> " ORDER BY op DESC, lsn, 1 DESC LIMIT 25";
          default -> "";
        };
    return "SELECT "
        + pick("*", "sequence, transaction, op", "sequence, key", "sequence, lsn, commit_time")
        + " FROM "
        + table
        + where(this::logCondition)
        + order;
  }

  private String logCondition() {
    return switch (random.nextInt(7)) {
      case 0 -> "op " + pick("=", "<>", "IN").replace("IN", "IN") + list("('SET')", "'DEL'");
      case 1 -> "key IS " + pick("", "NOT ") + "NULL";
      case 2 -> numberCondition("transaction");
      case 3 -> "commit_time " + comparison() + " " + time();
      case 4, 5 -> numberCondition("sequence");
      default -> textCondition("key");
    };
  }

  private String list(String many, String one) {
    return random.nextBoolean() ? " (" + one + ")" : " " + many;
  }

  private String pairCondition() {
    return switch (random.nextInt(8)) {
      case 0 -> numberCondition("sequence");
      case 1 -> "updated_at " + comparison() + " " + time();
      case 2 -> "updated_at BETWEEN " + time() + " AND " + time();
      default -> textCondition("key");
    };
  }

  private String where(Supplier<String> conditions) {
    int count = random.nextInt(4);
    List<String> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String condition = conditions.get();
      list.add(
          switch (random.nextInt(7)) {
            case 0 -> "NOT (" + condition + ")";
            case 1 -> "(" + condition + " OR " + conditions.get() + ")";
            case 2 -> "NOT (" + condition + " AND " + conditions.get() + ")";
            default -> "(" + condition + ")";
          });
    }
    return list.isEmpty() ? "" : " WHERE " + String.join(pick(" AND ", " AND ", " OR "), list);
  }

  private String textCondition(String column) {
    return switch (random.nextInt(10)) {
      case 0 -> column + " " + comparison() + " " + text();
      case 1 -> text() + " " + comparison() + " " + column;
      case 2 -> column + pick("", " NOT") + " IN (" + texts(pick(text(), "NULL")) + ")";
      case 3 -> column + pick(" LIKE ", " NOT LIKE ", " ILIKE ", " ~~ ", " !~~* ") + pattern();
      case 4 -> column + pick("", " NOT") + " BETWEEN " + text() + " AND " + text();
      case 5 -> column + " = ANY (" + pick("ARRAY[" + texts(text()) + "]", array()) + ")";
      case 6 -> column + " <> ALL (" + pick("ARRAY[" + texts("NULL") + "]", array()) + ")";
      case 7 ->
          column
              + pick(" < ", " >= ", " ^@ ")
              + pick("ANY", "ALL")
              + " (ARRAY["
              + texts(text())
              + "])";
      case 8 ->
          column
              + pick(" LIKE ", " !~~ ")
              + pick("ANY", "ALL")
              + " (ARRAY["
              + pattern()
              + ", "
              + pattern()
              + "])";
      default -> column + " " + pick("^@", "OPERATOR(pg_catalog.^@)") + " " + text();
    };
  }

  private String numberCondition(String column) {
    return switch (random.nextInt(6)) {
      case 0 -> column + " IN (" + number() + ", " + number() + ", '7')";
      case 1 -> column + pick("", " NOT") + " BETWEEN " + number() + " AND " + number();
      case 2 -> column + " = ANY ('{1,5,NULL,900}'::bigint[])";
      case 3 -> column + " <> ALL (ARRAY[" + number() + ", 3])";
      case 4 -> number() + " " + comparison() + " " + column;
      default -> column + " " + comparison() + " " + number();
    };
  }

  private String comparison() {
    return pick("=", "<>", "!=", "<", "<=", ">", ">=", "OPERATOR(pg_catalog.=)");
  }

  private String number() {
    int number = random.nextInt(1200);
    return pick(
        "" + number,
        "'" + number + "'",
        number + "::bigint",
        "'" + number + "'::integer",
        "CAST(" + number + " AS smallint)",
        "-" + number,
        "(-" + number + ")::bigint",
        "9223372036854775807",
        "-9223372036854775808");
  }

  private String time() {
    String text =
        "'2024-%02d-%02d %02d:%02d:%02d%s%s'"
            .formatted(
                1 + random.nextInt(12),
                1 + random.nextInt(28),
                random.nextInt(24),
                random.nextInt(60),
                random.nextInt(60),
                pick("", ".5", ".123456"),
                pick("+00", "-03", "+05:30", "+01:00"));
    return pick(text, text + "::timestamptz", "timestamptz " + text);
  }

  private String texts(String last) {
    var list = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      list.append(text()).append(", ");
    }
    return list.append(text()).append(", ").append(last).toString();
  }

  private String text() {
    String quoted = quote(TEXTS.get(random.nextInt(TEXTS.size())));
    return pick(quoted, quoted, quoted + "::text", quoted + "::character varying");
  }

  private String array() {
    var list = new StringBuilder("{");
    for (int i = 0; i < 1 + random.nextInt(4); i++) {
      String text = TEXTS.get(random.nextInt(TEXTS.size()));
      list.append(i > 0 ? "," : "")
          .append('"')
          .append(text.replace("\\", "\\\\").replace("\"", "\\\""))
          .append('"');
    }
    return quote(list + pick("", ",NULL") + "}") + "::text[]";
  }

  private String pattern() {
    return quote(PATTERNS.get(random.nextInt(PATTERNS.size())));
  }

  static String quote(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private String limit(String otherwise) {
    return pick(
        otherwise,
        " LIMIT " + random.nextInt(20),
        " LIMIT 5 OFFSET " + random.nextInt(10),
        " LIMIT 9::bigint OFFSET 2::bigint",
        " OFFSET 3 LIMIT 4");
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
