package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The part of pg_catalog that postgres_fdw and plain clients ask for, made from the relations of a
 * view.
 */
public final class SystemCatalog {
  private static final long PG_CATALOG = 11;
  private static final long PUBLIC = 2200;
  private static final long QUICKSILVER = 60_000;
  private static final long DEFAULT_COLLATION = 100;
  private static final long C_COLLATION = 950;
  private static final List<String> DOMAINS = List.of("value_text", "value_bytea", "value_jsonb");

  private SystemCatalog() {}

  /** A stable OID for a relation, above those of the system. */
  public static long relationOid(String schema, String name) {
    var crc = new CRC32();
    crc.update((schema + "." + name).getBytes(StandardCharsets.UTF_8));
    return 100_000 + (crc.getValue() & 0x3fff_ffffL);
  }

  /** What format_type gives for a type without modifiers. */
  public static String formatType(long oid) {
    long domain = oid - QUICKSILVER - 1;
    if (domain >= 0 && domain < DOMAINS.size()) {
      return "quicksilver." + DOMAINS.get((int) domain);
    }
    for (Type type : Type.values()) {
      if (type.oid() == oid) {
        return type.sqlName();
      }
    }
    return "???";
  }

  private static long typeOid(Column column) {
    return column
        .domain()
        .map(domain -> QUICKSILVER + 1 + DOMAINS.indexOf(domain))
        .orElse((long) column.type().oid());
  }

  static Optional<Relation> find(String name, CatalogView view) {
    return switch (name) {
      case "pg_namespace" ->
          table(
              name,
              columns("oid", Type.OID, "nspname", Type.NAME, "nspowner", Type.OID),
              List.of(
                  row(PG_CATALOG, "pg_catalog", 10L),
                  row(PUBLIC, "public", 10L),
                  row(QUICKSILVER, "quicksilver", 10L)));
      case "pg_class" ->
          Optional.of(
              new RowsRelation(
                  "pg_catalog",
                  name,
                  CLASS,
                  view.relations().size(),
                  () -> classes(view).iterator()));
      case "pg_attribute" -> table(name, ATTRIBUTE, attributes(view));
      case "pg_attrdef" ->
          table(
              name,
              columns("oid", Type.OID, "adrelid", Type.OID, "adnum", Type.INT2, "adbin", Type.TEXT),
              List.of());
      case "pg_collation" ->
          table(
              name,
              columns("oid", Type.OID, "collname", Type.NAME, "collnamespace", Type.OID),
              List.of(
                  row(DEFAULT_COLLATION, "default", PG_CATALOG),
                  row(C_COLLATION, "C", PG_CATALOG)));
      case "pg_type" -> table(name, TYPE, types());
      default -> Optional.empty();
    };
  }

  private static final List<Column> CLASS =
      columns(
          "oid",
          Type.OID,
          "relname",
          Type.NAME,
          "relnamespace",
          Type.OID,
          "relkind",
          Type.CHAR,
          "reltuples",
          Type.FLOAT4,
          "relpages",
          Type.INT4,
          "relispartition",
          Type.BOOL,
          "relowner",
          Type.OID,
          "relhasindex",
          Type.BOOL,
          "relpersistence",
          Type.CHAR,
          "relnatts",
          Type.INT2);

  private static final List<Column> ATTRIBUTE =
      columns(
          "attrelid",
          Type.OID,
          "attname",
          Type.NAME,
          "atttypid",
          Type.OID,
          "attnum",
          Type.INT2,
          "attnotnull",
          Type.BOOL,
          "attisdropped",
          Type.BOOL,
          "attgenerated",
          Type.CHAR,
          "attidentity",
          Type.CHAR,
          "atttypmod",
          Type.INT4,
          "attcollation",
          Type.OID,
          "atthasdef",
          Type.BOOL,
          "attlen",
          Type.INT2);

  private static final List<Column> TYPE =
      columns(
          "oid",
          Type.OID,
          "typname",
          Type.NAME,
          "typnamespace",
          Type.OID,
          "typtype",
          Type.CHAR,
          "typlen",
          Type.INT2,
          "typcollation",
          Type.OID,
          "typelem",
          Type.OID,
          "typbasetype",
          Type.OID,
          "typrelid",
          Type.OID);

  private static List<Column> columns(Object... namesAndTypes) {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      columns.add(Column.of((String) namesAndTypes[i], (Type) namesAndTypes[i + 1], true));
    }
    return List.copyOf(columns);
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }

  private static Optional<Relation> table(
      String name, List<Column> columns, List<@Nullable Object[]> rows) {
    return Optional.of(new RowsRelation("pg_catalog", name, columns, rows.size(), rows::iterator));
  }

  private static List<@Nullable Object[]> classes(CatalogView view) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (Relation relation : view.relations()) {
      long estimate = relation.estimate();
      int pages =
          (int) Math.min(Integer.MAX_VALUE, estimate * (relation.rowWidth() + 32L) / 8192 + 1);
      rows.add(
          row(
              relation.oid(),
              relation.name(),
              PUBLIC,
              "r",
              (float) estimate,
              pages,
              false,
              10L,
              false,
              "p",
              relation.columns().size()));
    }
    return rows;
  }

  private static List<@Nullable Object[]> attributes(CatalogView view) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (Relation relation : view.relations()) {
      int number = 0;
      for (Column column : relation.columns()) {
        if (column.hidden()) {
          continue;
        }
        number++;
        boolean collated = column.type().isText() && column.domain().isEmpty();
        rows.add(
            row(
                relation.oid(),
                column.name(),
                typeOid(column),
                number,
                column.notNull(),
                false,
                "",
                "",
                -1,
                collated ? C_COLLATION : 0L,
                false,
                column.type().length()));
      }
    }
    return rows;
  }

  private static List<@Nullable Object[]> types() {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (Type type : Type.values()) {
      boolean array = type.element().isPresent();
      String name =
          array
              ? "_" + type.element().get().name().toLowerCase(java.util.Locale.ROOT)
              : type.name().toLowerCase(java.util.Locale.ROOT);
      rows.add(
          row(
              (long) type.oid(),
              name,
              PG_CATALOG,
              "b",
              type.length(),
              type.isText() ? DEFAULT_COLLATION : 0L,
              type.element().map(element -> (long) element.oid()).orElse(0L),
              0L,
              0L));
    }
    List<Type> bases = List.of(Type.TEXT, Type.BYTEA, Type.JSONB);
    for (int i = 0; i < DOMAINS.size(); i++) {
      long base = bases.get(i).oid();
      rows.add(row(QUICKSILVER + 1 + i, DOMAINS.get(i), QUICKSILVER, "d", -1, 0L, 0L, base, 0L));
    }
    return rows;
  }
}
