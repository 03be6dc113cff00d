package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.TypeName;
import java.util.Set;

/**
 * What may stand in a statement whose scans are narrowed: nothing that reads tables by itself, for
 * of those reads the statement's conditions say nothing.
 */
final class Understood {
  /**
   * Built-in functions, and functions of PostgreSQL's extensions, that run SQL or read a relation
   * whose name they are given.
   */
  private static final Set<String> READERS =
      Set.of(
          // run a query or read whole relations: xml.c
          "query_to_xml",
          "query_to_xmlschema",
          "query_to_xml_and_xmlschema",
          "cursor_to_xml",
          "cursor_to_xmlschema",
          "table_to_xml",
          "table_to_xmlschema",
          "table_to_xml_and_xmlschema",
          "schema_to_xml",
          "schema_to_xmlschema",
          "schema_to_xml_and_xmlschema",
          "database_to_xml",
          "database_to_xmlschema",
          "database_to_xml_and_xmlschema",
          // run a query that they are given: tsvector_op.c, tsquery_rewrite.c
          "ts_stat",
          "ts_rewrite",
          // read a sequence: sequence.c
          "currval",
          "lastval",
          "nextval",
          "setval",
          "pg_get_sequence_data",
          "pg_sequence_last_value",
          // read a row by its place: tid.c
          "currtid2",
          // run queries: contrib/dblink, tablefunc, xml2, pg_prewarm, pgstattuple, pageinspect
          "dblink",
          "dblink_exec",
          "dblink_open",
          "dblink_fetch",
          "dblink_send_query",
          "dblink_get_result",
          "connectby",
          "crosstab",
          "crosstab2",
          "crosstab3",
          "crosstab4",
          "crosstabn",
          "xpath_table",
          "pg_prewarm",
          "pgstattuple",
          "pgstattuple_approx",
          "get_raw_page");

  /** Types whose input reads nothing; names as {@link TypeName} has them. */
  private static final Set<String> TYPES =
      Set.of(
          "bit",
          "bool",
          "box",
          "bpchar",
          "bytea",
          "char",
          "cidr",
          "circle",
          "date",
          "float4",
          "float8",
          "inet",
          "int2",
          "int4",
          "int8",
          "interval",
          "json",
          "jsonb",
          "jsonpath",
          "line",
          "lseg",
          "macaddr",
          "macaddr8",
          "money",
          "name",
          "numeric",
          "oid",
          "path",
          "pg_lsn",
          "point",
          "polygon",
          "text",
          "tid",
          "time",
          "timestamp",
          "timestamptz",
          "timetz",
          "tsquery",
          "tsvector",
          "uuid",
          "varbit",
          "varchar",
          "xid",
          "xid8",
          "xml",
          // these look a name up in the catalog and read no rows of ours
          "regclass",
          "regcollation",
          "regconfig",
          "regdictionary",
          "regnamespace",
          "regoper",
          "regoperator",
          "regproc",
          "regprocedure",
          "regrole",
          "regtype");

  /** The domains of the tables' values, which check nothing. */
  private static final Set<String> DOMAINS = Set.of("value_text", "value_bytea", "value_jsonb");

  private Understood() {}

  /**
   * Refuses an expression whose evaluation could read tables, apart from the blocks that it holds.
   *
   * @throws Outside if it could
   */
  static void require(Expression expression) {
    switch (expression) {
      case Expression.Call call -> {
        if (!isBuiltIn(call.schema()) || READERS.contains(call.name())) {
          throw new Outside("a function that may read tables: " + call.name());
        }
      }
      case Expression.Cast cast -> {
        TypeName type = cast.type();
        boolean builtIn = isBuiltIn(type.schema()) && TYPES.contains(type.name());
        boolean ours = type.schema().equals("quicksilver") && DOMAINS.contains(type.name());
        if (!builtIn && !ours) {
          throw new Outside("a type that is not built in: " + cast.type().name());
        }
      }
      default -> {}
    }
  }

  private static boolean isBuiltIn(String schema) {
    return schema.isEmpty() || schema.equals("pg_catalog");
  }
}
