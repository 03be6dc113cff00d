package dev.quicksilver.bridge.types;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.TypeName;
import java.util.Locale;
import java.util.Optional;

/**
 * The types that the bridge knows, with PostgreSQL's OIDs (pg_type.dat). The Java class of a value
 * stands in brackets.
 */
public enum Type {
  /** [Boolean]. */
  BOOL("boolean", 16, 1),
  /** [Bytes]. */
  BYTEA("bytea", 17, -1),
  /** [String]: the one-byte internal type. */
  CHAR("\"char\"", 18, 1),
  /** [String]. */
  NAME("name", 19, 64),
  /** [Long]. */
  INT8("bigint", 20, 8),
  /** [Integer]. */
  INT2("smallint", 21, 2),
  /** [Integer]. */
  INT4("integer", 23, 4),
  /** [String]. */
  TEXT("text", 25, -1),
  /** [Long], 0 to 2^32 - 1. */
  OID("oid", 26, 4),
  /** [Tid]. */
  TID("tid", 27, 6),
  /** [Json]. */
  JSONB("jsonb", 3802, -1),
  /** [String]. */
  JSONPATH("jsonpath", 4072, -1),
  /** [Float]. */
  FLOAT4("real", 700, 4),
  /** [Double]. */
  FLOAT8("double precision", 701, 8),
  /** [String]: a literal whose type is not yet known. */
  UNKNOWN("unknown", 705, -2),
  /** [String]. */
  BPCHAR("character", 1042, -1),
  /** [String]. */
  VARCHAR("character varying", 1043, -1),
  /** [Integer]: days since 1970-01-01; the int limits are the infinities. */
  DATE("date", 1082, 4),
  /** [Long]: µs since 1970-01-01; the long limits are the infinities. */
  TIMESTAMP("timestamp without time zone", 1114, 8),
  /** [Long]: µs since 1970-01-01 UTC; the long limits are the infinities. */
  TIMESTAMPTZ("timestamp with time zone", 1184, 8),
  /** [Interval]. */
  INTERVAL("interval", 1186, 16),
  /** [Numeric]. */
  NUMERIC("numeric", 1700, -1),
  /** [Long]: the OID of a relation. */
  REGCLASS("regclass", 2205, 4),
  /** [PgRecord]. */
  RECORD("record", 2249, -1),
  /** [Long], unsigned. */
  PG_LSN("pg_lsn", 3220, 8),
  /** [String]. */
  VOID("void", 2278, 4),
  /** [PgArray], like all that follow. */
  BOOL_ARRAY(BOOL, 1000),
  BYTEA_ARRAY(BYTEA, 1001),
  INT2_ARRAY(INT2, 1005),
  INT4_ARRAY(INT4, 1007),
  TEXT_ARRAY(TEXT, 1009),
  VARCHAR_ARRAY(VARCHAR, 1015),
  INT8_ARRAY(INT8, 1016),
  FLOAT8_ARRAY(FLOAT8, 1022),
  OID_ARRAY(OID, 1028),
  NAME_ARRAY(NAME, 1003),
  TIMESTAMP_ARRAY(TIMESTAMP, 1115),
  TIMESTAMPTZ_ARRAY(TIMESTAMPTZ, 1185),
  DATE_ARRAY(DATE, 1182),
  INTERVAL_ARRAY(INTERVAL, 1187),
  NUMERIC_ARRAY(NUMERIC, 1231),
  JSONB_ARRAY(JSONB, 3807),
  RECORD_ARRAY(RECORD, 2287);

  private final String sqlName;
  private final int oid;
  private final int length;
  private final Optional<Type> element;

  Type(String sqlName, int oid, int length) {
    this.sqlName = sqlName;
    this.oid = oid;
    this.length = length;
    this.element = Optional.empty();
  }

  Type(Type element, int oid) {
    this.sqlName = element.sqlName + "[]";
    this.oid = oid;
    this.length = -1;
    this.element = Optional.of(element);
  }

  /** As format_type prints it. */
  public String sqlName() {
    return sqlName;
  }

  /** pg_type.oid. */
  public int oid() {
    return oid;
  }

  /** pg_type.typlen: bytes, or -1 for varying. */
  public int length() {
    return length;
  }

  /** For arrays the type of the elements. */
  public Optional<Type> element() {
    return element;
  }

  /** Whether values are Java strings compared by code point, which is the "C" collation. */
  public boolean isText() {
    return switch (this) {
      case TEXT, VARCHAR, NAME, BPCHAR, UNKNOWN, CHAR -> true;
      default -> false;
    };
  }

  /** Whether it is one of int2, int4, int8, numeric, float4, float8. */
  public boolean isNumber() {
    return rank() > 0;
  }

  /** Order of implicit promotion among numbers; 0 for others. */
  public int rank() {
    return switch (this) {
      case INT2 -> 1;
      case INT4 -> 2;
      case INT8 -> 3;
      case NUMERIC -> 4;
      case FLOAT4 -> 5;
      case FLOAT8 -> 6;
      default -> 0;
    };
  }

  /** Whether it is int2, int4 or int8. */
  public boolean isInteger() {
    return this == INT2 || this == INT4 || this == INT8;
  }

  /** The array type over this. */
  public Type array() {
    for (Type type : values()) {
      if (type.element.isPresent() && type.element.get() == this) {
        return type;
      }
    }
    if (isText()) {
      return TEXT_ARRAY;
    }
    throw PgException.unsupported("arrays of " + sqlName);
  }

  /** The type that a name in SQL stands for. */
  public static Type of(TypeName name) {
    Type base = scalar(name);
    return name.array() ? base.array() : base;
  }

  private static Type scalar(TypeName name) {
    return switch (name.name()) {
      case "int8" -> INT8;
      case "int4" -> INT4;
      case "int2" -> INT2;
      case "bool" -> BOOL;
      case "float8" -> FLOAT8;
      case "float4" -> FLOAT4;
      case "value_text" -> TEXT;
      case "value_bytea" -> BYTEA;
      case "value_jsonb" -> JSONB;
      case "varchar" -> VARCHAR;
      case "bpchar" -> BPCHAR;
      case "timestamptz" -> TIMESTAMPTZ;
      case "timestamp" -> TIMESTAMP;
      case "regproc",
          "regtype",
          "regnamespace",
          "regrole",
          "json",
          "time",
          "timetz",
          "xml",
          "uuid" ->
          throw PgException.unsupported("the type " + name.name());
      default -> {
        for (Type type : values()) {
          if (type.element.isEmpty() && type.name().equals(name.name().toUpperCase(Locale.ROOT))) {
            yield type;
          }
        }
        throw PgException.of(
            SqlState.UNDEFINED_OBJECT, "type \"" + name.name() + "\" does not exist");
      }
    };
  }
}
