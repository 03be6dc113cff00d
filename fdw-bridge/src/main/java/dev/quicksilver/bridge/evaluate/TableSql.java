package dev.quicksilver.bridge.evaluate;

import dev.quicksilver.bridge.catalog.Tables.Pairs;
import dev.quicksilver.bridge.catalog.TypedView;
import dev.quicksilver.bridge.evaluate.Table.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The evaluator's tables as SQL. Each is a foreign table of the schema {@code pg_lean}, all of
 * whose columns are domains, so that postgres_fdw fetches them and asks nothing of them; and in
 * {@code public} what clients see: the same columns with plain types.
 *
 * <p>The schema's name is a system's, so that clients that list schemas leave it out.
 *
 * <p>What clients see is made as a view, and then called a table in {@code pg_class}: the catalogs
 * show what it is to them, and PostgreSQL follows a relation's rules whatever its kind. OFFSET 0
 * keeps it a subquery of its own, so that no join of two of them is ever sent to the bridge. Rules
 * refuse every write before it looks for a row.
 */
final class TableSql {
  /** Domains of {@code pg_lean} by the type below. */
  private static final Map<String, String> DOMAINS =
      Map.of(
          "text", "plain_text",
          "bytea", "plain_bytea",
          "bigint", "plain_bigint",
          "integer", "plain_integer",
          "timestamp with time zone", "plain_timestamptz",
          "pg_lsn", "plain_lsn");

  /** Asks for the sequence that is there now, which belongs to no snapshot. */
  private static final String WAIT_FOR_SEQUENCE =
      """
      CREATE FUNCTION quicksilver.wait_for_sequence(database text, sequence bigint, timeout interval DEFAULT '10 s')
      RETURNS bigint VOLATILE STRICT LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
          ends timestamptz := clock_timestamp() + timeout;
          reached bigint;
      BEGIN
          LOOP
              SELECT r.last_sequence INTO reached FROM public.replication AS r WHERE r.database = wait_for_sequence.database;
              IF NOT FOUND THEN
                  RAISE EXCEPTION 'database "%" does not exist', database USING ERRCODE = 'undefined_table';
              ELSIF reached >= sequence THEN
                  RETURN reached;
              ELSIF clock_timestamp() >= ends THEN
                  RAISE EXCEPTION 'database "%" has reached sequence % of % within %', database, reached, sequence, timeout
                      USING ERRCODE = 'QS001', HINT = 'The table replication says what the edge waits for.';
              END IF;
              PERFORM pg_sleep(0.005);
          END LOOP;
      END $$;
      """;

  private TableSql() {}

  /** What a new evaluator needs before it can have tables. */
  static String setUp(String socketDirectory, int port) {
    var sql = new StringBuilder();
    sql.append("SET allow_system_table_mods = on; CREATE SCHEMA pg_lean;");
    sql.append("RESET allow_system_table_mods; CREATE EXTENSION postgres_fdw SCHEMA pg_lean;");
    sql.append("CREATE SCHEMA quicksilver;");
    sql.append("GRANT USAGE ON SCHEMA quicksilver TO PUBLIC;");
    for (String type : List.of("text", "bytea", "jsonb")) {
      sql.append("CREATE DOMAIN quicksilver.value_").append(type).append(" AS ").append(type);
      sql.append(';');
    }
    new TreeMap<>(DOMAINS)
        .forEach(
            (type, domain) ->
                sql.append("CREATE DOMAIN pg_lean.%s AS %s".formatted(domain, collated(type)))
                    .append(';'));
    sql.append(
        """
        CREATE FUNCTION pg_lean.refuse(command text) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'cannot execute % in a read-only transaction: this is an edge copy', command
                USING ERRCODE = 'read_only_sql_transaction',
                      HINT = 'Write to the table of the same name on the central PostgreSQL.';
        END $$;
        REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
        """);
    sql.append(WAIT_FOR_SEQUENCE);
    sql.append(
        """
        CREATE SERVER bridge FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %s, port '%d', dbname 'quicksilver',
            use_remote_estimate 'true', fdw_startup_cost '1', fdw_tuple_cost '0.01', fetch_size '%d', async_capable 'false', updatable 'false',
            truncatable 'false', keep_connections 'true');
        CREATE USER MAPPING FOR PUBLIC SERVER bridge OPTIONS (user 'evaluator', password_required 'false');
        """
            .formatted(literal(socketDirectory), port, FetchSizes.MOST));
    return sql.toString();
  }

  private static String collated(String type) {
    return type.equals("text") ? "text COLLATE \"C\"" : type;
  }

  /** All tables that go with the databases, by name. */
  static Map<String, Table> of(Map<String, Pairs> databases) {
    Map<String, Table> result = new TreeMap<>();
    databases.forEach(
        (name, pairs) -> {
          String value = "quicksilver.value_" + pairs.valueType();
          result.put(
              name + "_log",
              new Table(
                  name + "_log",
                  TypedView.name(name + "_log", pairs),
                  List.of(
                      new Field("sequence", "bigint", true),
                      new Field("op", "text", true),
                      new Field("key", pairs.keyType(), false),
                      new Field("value", value, false),
                      new Field("commit_time", "timestamp with time zone", true),
                      new Field("lsn", "pg_lsn", true),
                      new Field("transaction", "bigint", true))));
        });
    result.put("databases", new Table("databases", "databases", DATABASES));
    result.put("replication", new Table("replication", "replication", REPLICATION));
    databases.forEach(
        (name, pairs) ->
            result.put(
                name,
                new Table(
                    name,
                    TypedView.name(name, pairs),
                    List.of(
                        new Field("key", pairs.keyType(), true),
                        new Field("value", "quicksilver.value_" + pairs.valueType(), true),
                        new Field("sequence", "bigint", true),
                        new Field("updated_at", "timestamp with time zone", true)))));
    return result;
  }

  private static final List<Field> DATABASES =
      List.of(
          new Field("name", "text", true),
          new Field("id", "text", true),
          new Field("last_sequence", "bigint", true),
          new Field("chain_hash", "text", true),
          new Field("content_digest", "text", true),
          new Field("pairs", "bigint", true),
          new Field("system_id", "bigint", true),
          new Field("timeline", "integer", true),
          new Field("lsn", "pg_lsn", true),
          new Field("commit_time", "timestamp with time zone", true),
          new Field("diverged", "text", false));

  private static final List<Field> REPLICATION =
      List.of(
          new Field("database", "text", true),
          new Field("state", "text", true),
          new Field("upstream", "text", false),
          new Field("last_sequence", "bigint", true),
          new Field("root_sequence", "bigint", false),
          new Field("lag_ms", "bigint", false),
          new Field("complete_until", "timestamp with time zone", false),
          new Field("problem", "text", false));

  /** Makes a table. */
  static String create(Table table) {
    String name = identifier(table.name());
    List<String> foreign = new ArrayList<>();
    List<String> plain = new ArrayList<>();
    for (Field field : table.fields()) {
      String column = identifier(field.name());
      String domain = DOMAINS.get(field.type());
      foreign.add(column + " " + (domain == null ? field.type() : "pg_lean." + domain));
      plain.add(
          domain == null
              ? column
              : "%s::%s AS %s".formatted(column, collated(field.type()), column));
    }
    String relation = literal("public." + name) + "::regclass";
    var sql = new StringBuilder();
    sql.append(
        "CREATE FOREIGN TABLE pg_lean.%s (%s) SERVER bridge OPTIONS (schema_name 'public', table_name %s);"
            .formatted(name, String.join(", ", foreign), literal(table.remote())));
    sql.append(
        "CREATE VIEW public.%s AS SELECT %s FROM pg_lean.%s OFFSET 0;"
            .formatted(name, String.join(", ", plain), name));
    sql.append("GRANT SELECT ON public.%s TO PUBLIC;".formatted(name));
    // A column is enough for SELECT … FOR UPDATE, which postgres_fdw ships, and not for LOCK TABLE.
    sql.append(
        "GRANT UPDATE (%s) ON public.%s TO PUBLIC;"
            .formatted(identifier(table.fields().getFirst().name()), name));
    for (String command : List.of("INSERT", "UPDATE", "DELETE")) {
      sql.append(
          "CREATE RULE refuse_%s AS ON %s TO public.%s DO INSTEAD SELECT pg_lean.refuse('%s');"
              .formatted(command.toLowerCase(Locale.ROOT), command, name, command));
    }
    sql.append(
        "UPDATE pg_class SET relkind = 'r', relam = 2, relfilenode = oid, relreplident = 'd' WHERE oid = %s;"
            .formatted(relation));
    // Rules of this kind are followed, and not shown by clients that list a table's rules.
    sql.append("UPDATE pg_rewrite SET ev_enabled = 'V' WHERE ev_class = %s;".formatted(relation));
    String notNull =
        table.fields().stream()
            .filter(Field::notNull)
            .map(field -> literal(field.name()))
            .collect(Collectors.joining(", "));
    sql.append(
        "UPDATE pg_attribute SET attnotnull = true WHERE attrelid = %s AND attname IN (%s);"
            .formatted(relation, notNull));
    return sql.toString();
  }

  /**
   * Sets how many rows of a table are fetched at a time. ALTER FOREIGN TABLE would wait for every
   * session that reads the table.
   */
  static String fetchSize(Table table, int rows) {
    return "UPDATE pg_foreign_table SET ftoptions = ARRAY['schema_name=public', %s, 'fetch_size=%d'] WHERE ftrelid = %s::regclass;"
        .formatted(
            literal("table_name=" + table.remote()),
            rows,
            literal("pg_lean." + identifier(table.name())));
  }

  /** Drops a table. */
  static String drop(String table) {
    String name = identifier(table);
    return drop("public." + name, "pg_lean." + name);
  }

  private static String drop(String shown, String foreign) {
    return "UPDATE pg_class SET relkind = 'v', relam = 0, relfilenode = 0 WHERE oid = %s::regclass;"
            .formatted(literal(shown))
        + "DROP VIEW %s CASCADE; DROP FOREIGN TABLE %s CASCADE;".formatted(shown, foreign);
  }

  /**
   * Moves a table out of the way of another one of its name, without a lock on it; {@link
   * #dropMoved} drops it. Transactions go on with what they have opened of it.
   */
  static String moveAway(String table, int number) {
    String name = identifier(table);
    return move("public." + name, shown(number)) + move("pg_lean." + name, foreign(number));
  }

  private static String move(String relation, String name) {
    String oid = literal(relation) + "::regclass";
    String array = "(SELECT typarray FROM pg_type WHERE typrelid = " + oid + ")";
    return renamed("pg_type", "typ", "_" + name, "oid = " + array)
        + renamed("pg_type", "typ", name, "typrelid = " + oid)
        + renamed("pg_class", "rel", name, "oid = " + oid);
  }

  private static String renamed(String catalog, String prefix, String name, String where) {
    return "UPDATE %s SET %sname = %s, %snamespace = 'pg_lean'::regnamespace WHERE %s;"
        .formatted(catalog, prefix, literal(name), prefix, where);
  }

  static String dropMoved(int number) {
    return drop("pg_lean." + identifier(shown(number)), "pg_lean." + identifier(foreign(number)));
  }

  private static String shown(int number) {
    return "replaced " + number;
  }

  private static String foreign(int number) {
    return "replaced " + number + " foreign";
  }

  static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
