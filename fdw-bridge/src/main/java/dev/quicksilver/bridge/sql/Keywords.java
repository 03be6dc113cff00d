package dev.quicksilver.bridge.sql;

import java.util.Set;

/** Words that end an expression or cannot be names, as in PostgreSQL's kwlist.h. */
final class Keywords {
  private static final Set<String> RESERVED =
      Set.of(
          "all",
          "and",
          "any",
          "array",
          "as",
          "asc",
          "both",
          "case",
          "cast",
          "check",
          "collate",
          "column",
          "create",
          "default",
          "desc",
          "distinct",
          "do",
          "else",
          "end",
          "except",
          "false",
          "fetch",
          "for",
          "from",
          "grant",
          "group",
          "having",
          "in",
          "intersect",
          "into",
          "leading",
          "limit",
          "not",
          "null",
          "offset",
          "on",
          "only",
          "or",
          "order",
          "primary",
          "returning",
          "select",
          "some",
          "symmetric",
          "table",
          "then",
          "to",
          "trailing",
          "true",
          "union",
          "unique",
          "using",
          "when",
          "where",
          "window",
          "with",
          // reserved as relation names and aliases
          "cross",
          "full",
          "ilike",
          "inner",
          "is",
          "isnull",
          "join",
          "left",
          "like",
          "natural",
          "notnull",
          "right",
          "similar",
          "tablesample");

  /** Of those, words that are functions when a parenthesis follows. */
  private static final Set<String> FUNCTION_NAMES = Set.of("left", "right");

  private Keywords() {}

  static boolean reserved(String word) {
    return RESERVED.contains(word);
  }

  static boolean function(String word) {
    return FUNCTION_NAMES.contains(word);
  }
}
