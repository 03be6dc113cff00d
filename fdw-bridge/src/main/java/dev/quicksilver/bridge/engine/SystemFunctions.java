package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.catalog.SystemCatalog;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Functions that look at catalog and session. */
final class SystemFunctions {
  private SystemFunctions() {}

  /** The expression, or null if the name is not one of these. */
  static @Nullable Expr call(String name, List<Expr> arguments, QueryContext context) {
    return switch (name) {
      case "format_type" ->
          new Expr.Computed(
              name,
              Type.TEXT,
              arguments,
              args ->
                  row -> {
                    Object oid = args.getFirst().eval(row);
                    return oid == null
                        ? null
                        : SystemCatalog.formatType(((Number) oid).longValue());
                  });
      case "pg_get_expr",
          "obj_description",
          "col_description",
          "shobj_description",
          "pg_get_viewdef" ->
          new Expr.Constant(Type.TEXT, null);
      case "pg_relation_size", "pg_table_size", "pg_total_relation_size" ->
          Expr.strict(name, Type.INT8, arguments.subList(0, 1), values -> size(values[0], context));
      case "pg_table_is_visible", "pg_type_is_visible", "pg_function_is_visible" ->
          new Expr.Constant(Type.BOOL, true);
      case "has_table_privilege", "has_schema_privilege", "has_database_privilege" ->
          new Expr.Constant(Type.BOOL, true);
      case "pg_get_userbyid" -> new Expr.Constant(Type.NAME, "quicksilver");
      case "current_user", "session_user", "user", "current_role" ->
          new Expr.Constant(Type.NAME, "quicksilver");
      case "current_database", "current_catalog" -> new Expr.Constant(Type.NAME, "quicksilver");
      case "current_schema" -> new Expr.Constant(Type.NAME, "public");
      case "version" -> new Expr.Constant(Type.TEXT, "PostgreSQL 18.0 (Quicksilver bridge)");
      case "pg_is_in_recovery" -> new Expr.Constant(Type.BOOL, true);
      default -> null;
    };
  }

  private static @Nullable Object size(Object oid, QueryContext context) {
    return context.catalog().relations().stream()
        .filter(relation -> relation.oid() == ((Number) oid).longValue())
        .findFirst()
        .map(relation -> pages(relation) * 8192)
        .orElse(null);
  }

  /** Pages of 8 KiB that the rows would fill. */
  static long pages(Relation relation) {
    return Math.max(1, relation.rows() * (relation.rowWidth() + 32L) / 8192 + 1);
  }

  /** Looks a relation up by its SQL name. */
  static Expr regclass(String text, QueryContext context) {
    List<String> parts = new ArrayList<>();
    var part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        quoted = !quoted;
        if (quoted && i > 0 && text.charAt(i - 1) == '"') {
          part.append('"');
        }
      } else if (c == '.' && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(quoted ? c : Character.toLowerCase(c));
      }
    }
    parts.add(part.toString());
    String schema = parts.size() > 1 ? parts.get(parts.size() - 2) : "";
    Optional<Relation> relation = context.catalog().find(schema, parts.getLast());
    if (relation.isEmpty()) {
      throw PgException.of(SqlState.UNDEFINED_TABLE, "relation \"" + text + "\" does not exist");
    }
    return new Expr.Constant(Type.REGCLASS, relation.get().oid());
  }
}
