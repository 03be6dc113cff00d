package dev.quicksilver.bridge.sql;

import java.util.Set;

/** Words that end an expression or cannot be names, as in PostgreSQL's kwlist.h. */
final class Keywords {
  private static final Set<String> RESERVED =
      Set.of(
          "all",
          "analyse",
          "analyze",
          "and",
          "any",
          "array",
          "as",
          "asc",
          "asymmetric",
          "both",
          "case",
          "cast",
          "check",
          "collate",
          "column",
          "constraint",
          "create",
          "current_catalog",
          "current_date",
          "current_role",
          "current_time",
          "current_timestamp",
          "current_user",
          "default",
          "deferrable",
          "desc",
          "distinct",
          "do",
          "else",
          "end",
          "except",
          "false",
          "fetch",
          "for",
          "foreign",
          "from",
          "grant",
          "group",
          "having",
          "in",
          "initially",
          "intersect",
          "into",
          "lateral",
          "leading",
          "limit",
          "localtime",
          "localtimestamp",
          "not",
          "null",
          "offset",
          "on",
          "only",
          "or",
          "order",
          "placing",
          "primary",
          "references",
          "returning",
          "select",
          "session_user",
          "some",
          "symmetric",
          "system_user",
          "table",
          "then",
          "to",
          "trailing",
          "true",
          "union",
          "unique",
          "user",
          "using",
          "variadic",
          "when",
          "where",
          "window",
          "with",
          // reserved as relation names and aliases
          "authorization",
          "binary",
          "collation",
          "concurrently",
          "cross",
          "current_schema",
          "freeze",
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
          "outer",
          "overlaps",
          "right",
          "similar",
          "tablesample",
          "verbose");

  /** Words that name an output column only after AS: kwlist.h says AS_LABEL. */
  private static final Set<String> AFTER_AS =
      Set.of(
          "char",
          "character",
          "day",
          "filter",
          "hour",
          "minute",
          "month",
          "over",
          "precision",
          "second",
          "varying",
          "within",
          "without",
          "year");

  /** Of the reserved words, those that are functions when a parenthesis follows. */
  private static final Set<String> FUNCTION_NAMES = Set.of("current_schema", "left", "right");

  private Keywords() {}

  static boolean reserved(String word) {
    return RESERVED.contains(word);
  }

  /** Whether a word that is not reserved must have AS before it to name an output column. */
  static boolean needsAs(String word) {
    return AFTER_AS.contains(word);
  }

  static boolean function(String word) {
    return FUNCTION_NAMES.contains(word);
  }
}
