package dev.quicksilver.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A published table of {@code gateway.model} that many connections change at once. What it must
 * hold at the edges PostgreSQL says: {@link #pairs}.
 *
 * @param database also how statements name the table, in braces: it is moved
 * @param key the key's columns as text of a row's number
 * @param columns the columns beside the key and what they take ({@link GatewayModelValues#of})
 * @param shift what changes the key of a row
 * @param leaves partitions that are written to directly; some are not there all the time
 * @param pairs the SQL expressions of an edge's key and value
 */
record GatewayModelShared(
    String database,
    List<String> keyColumns,
    IntFunction<List<String>> key,
    Map<String, String> columns,
    String shift,
    List<String> leaves,
    String pairs) {
  private static final String WIDE_VALUE = "big, v, flag, num, f, at, d, tm, ts, u, b, c, j, jb, n";

  static final String SQL =
      """
      SELECT quicksilver.create_database('docs', 'bytea', 'json');

      CREATE SCHEMA place;
      CREATE TABLE place.wide (id bigint PRIMARY KEY, spare int, big text, v varchar(20), flag bool, num numeric, f float8,
        at timestamptz, d date, tm time, ts timestamp, u uuid, b bytea, c char(5), j json, jb jsonb, n int);
      ALTER TABLE place.wide REPLICA IDENTITY FULL, ALTER big SET STORAGE EXTERNAL;
      SELECT quicksilver.publish('place.wide', 'wide', value_columns =>
        '{big,v,flag,num,f,at,d,tm,ts,u,b,c,j,jb,n}');

      CREATE TABLE totals (bucket int PRIMARY KEY, n bigint);
      SELECT quicksilver.publish('totals', 'totals');
      CREATE TABLE loaded (k text PRIMARY KEY, big text, n int, note varchar(9));
      ALTER TABLE loaded REPLICA IDENTITY FULL, ALTER big SET STORAGE EXTERNAL;
      CREATE FUNCTION change_row() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        IF TG_OP = 'DELETE' THEN
          RETURN CASE WHEN OLD.n % 7 = 0 THEN NULL ELSE OLD END;
        END IF;
        NEW.n := NEW.n / 10 * 10;
        NEW.big := CASE WHEN NEW.n % 3 = 0 THEN NEW.big || 'triggered' ELSE NEW.big END;
        RETURN CASE WHEN TG_OP = 'UPDATE' AND NEW.n % 11 = 0 THEN OLD ELSE NEW END;
      END$$;
      CREATE FUNCTION sum_up() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        INSERT INTO totals VALUES (coalesce(NEW.n, OLD.n, 0) % 50, 1)
          ON CONFLICT (bucket) DO UPDATE SET n = totals.n + 1;
        RETURN NULL;
      END$$;
      CREATE TRIGGER change BEFORE INSERT OR UPDATE OR DELETE ON loaded FOR EACH ROW EXECUTE FUNCTION change_row();
      CREATE TRIGGER sum_up AFTER INSERT OR UPDATE OR DELETE ON loaded FOR EACH ROW EXECUTE FUNCTION sum_up();
      SELECT quicksilver.publish('loaded', 'loaded');

      CREATE TABLE anchors (id int PRIMARY KEY);
      INSERT INTO anchors VALUES (1);
      CREATE TABLE ranges (k int PRIMARY KEY, big text, n int, note varchar(9), anchor int DEFAULT 1 REFERENCES anchors)
        PARTITION BY RANGE (k);
      ALTER TABLE ranges REPLICA IDENTITY FULL;
      ALTER TABLE ranges ALTER big SET STORAGE EXTERNAL;
      CREATE TRIGGER change BEFORE INSERT OR UPDATE ON ranges FOR EACH ROW EXECUTE FUNCTION change_row();
      SELECT quicksilver.publish('ranges', 'ranges', value_columns => '{note,big,n}');

      CREATE TABLE lists (region text, id int, value text NOT NULL, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
      ALTER TABLE lists ALTER value SET STORAGE EXTERNAL;
      CREATE TABLE lists_rest PARTITION OF lists DEFAULT;
      SELECT quicksilver.publish('lists', 'lists');
      """;

  /** Returns the tables that writers write to. */
  static List<GatewayModelShared> written() {
    Map<String, String> some = ordered("big", "big", "n", "int", "note", "short text");
    Map<String, String> wide =
        ordered(
            "big",
            "big",
            "v",
            "short text",
            "flag",
            "bool",
            "num",
            "numeric",
            "f",
            "float8",
            "at",
            "timestamp",
            "d",
            "date",
            "tm",
            "time",
            "ts",
            "timestamp",
            "u",
            "uuid",
            "b",
            "bytea",
            "c",
            "short text",
            "j",
            "json",
            "jb",
            "json",
            "n",
            "int");
    return List.of(
        new GatewayModelShared(
            "docs",
            List.of("key"),
            id -> List.of(GatewayModelValues.hex(id % 40 == 0 ? "\0" + id : "é" + id)),
            ordered("value", "json!"),
            "key = key || '\\x00'",
            List.of(),
            "key, value::text"),
        new GatewayModelShared(
            "wide",
            List.of("id"),
            id -> List.of(Integer.toString(id - 1_500)),
            wide,
            "id = id + 1",
            List.of(),
            "int8send(id # '-9223372036854775808'), "
                + "(SELECT row_to_json(r)::text FROM (SELECT "
                + WIDE_VALUE
                + ") r)"),
        new GatewayModelShared(
            "loaded",
            List.of("k"),
            id -> List.of("k" + id),
            some,
            "k = k || '/'",
            List.of(),
            "convert_to(k, 'UTF8'), (SELECT row_to_json(r)::text FROM (SELECT big, n, note) r)"),
        new GatewayModelShared(
            "ranges",
            List.of("k"),
            id -> List.of(Integer.toString(id)),
            some,
            "k = (k + 500) % " + GatewayModelBar.IDS,
            List.of("ranges_0", "ranges_1", "ranges_2", "ranges_2_0", "ranges_3", "ranges_3_1"),
            "int4send(k # '-2147483648'), "
                + "(SELECT row_to_json(r)::text FROM (SELECT note, big, n) r)"),
        new GatewayModelShared(
            "lists",
            List.of("region", "id"),
            id -> List.of("r" + id % 7, Integer.toString(id / 7)),
            ordered("value", "big!"),
            "region = 'r' || (substr(region, 2)::int + 1) % 7",
            List.of("lists_rest", "lists_0", "lists_1", "lists_1_0", "lists_2"),
            "convert_to(region, 'UTF8') || '\\x0001' || int4send(id # '-2147483648'), value"));
  }

  /** Returns the expressions of edges' keys and values, by databases. */
  static Map<String, String> pairs(List<GatewayModelShared> written) {
    Map<String, String> pairs = new TreeMap<>();
    written.forEach(table -> pairs.put(table.database(), table.pairs()));
    String keyed = "int4send(%s # '-2147483648'), (SELECT row_to_json(r)::text FROM (SELECT %s) r)";
    pairs.put("totals", keyed.formatted("bucket", "n"));
    pairs.put("brief", keyed.formatted("k", "a, b"));
    return pairs;
  }

  /** Returns where the tables are before they are moved, by databases. */
  static Map<String, String> places() {
    Map<String, String> places = new ConcurrentHashMap<>();
    for (String database : List.of("docs", "loaded", "ranges", "lists", "totals", "brief")) {
      places.put(database, "public." + database);
    }
    places.put("wide", "place.wide");
    return places;
  }

  private static Map<String, String> ordered(String... pairs) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }

  String keys() {
    return String.join(", ", keyColumns);
  }

  String names() {
    return keys() + ", " + String.join(", ", columns.keySet());
  }

  /** A row's key as a row constructor. */
  String keyLiteral(int id) {
    return key.apply(id).stream()
        .map(GatewayModelValues::literal)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  /** The key and random values of a row. */
  List<@Nullable String> row(int id, Random random) {
    List<@Nullable String> row = new ArrayList<>(key.apply(id));
    columns.values().forEach(type -> row.add(GatewayModelValues.of(type, random)));
    return row;
  }
}
