package dev.quicksilver.bridge.types;

import java.util.Optional;

/**
 * The types of columns that the replica's tables have, and of the constants that seeks compare them
 * with; with PostgreSQL's OIDs (pg_type.dat). The Java class of a value stands in brackets.
 */
public enum Type {
  /** [Bytes]. */
  BYTEA("bytea", 17, -1),
  /** [Long]. */
  INT8("bigint", 20, 8),
  /** [Integer]. */
  INT2("smallint", 21, 2),
  /** [Integer]. */
  INT4("integer", 23, 4),
  /** [String]. */
  TEXT("text", 25, -1),
  /** [Tid]. */
  TID("tid", 27, 6),
  /** [String]: a literal whose type is not yet known. */
  UNKNOWN("unknown", 705, -2),
  /** [String]. */
  VARCHAR("character varying", 1043, -1),
  /** [Long]: µs since 1970-01-01 UTC. */
  TIMESTAMPTZ("timestamp with time zone", 1184, 8),
  /** [Long], unsigned. */
  PG_LSN("pg_lsn", 3220, 8),
  /** [Json]. */
  JSONB("jsonb", 3802, -1),
  /** Arrays have no Java class: their elements are read one by one. */
  BYTEA_ARRAY(BYTEA, 1001),
  INT2_ARRAY(INT2, 1005),
  INT4_ARRAY(INT4, 1007),
  TEXT_ARRAY(TEXT, 1009),
  VARCHAR_ARRAY(VARCHAR, 1015),
  INT8_ARRAY(INT8, 1016),
  TIMESTAMPTZ_ARRAY(TIMESTAMPTZ, 1185);

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

  /** Order of implicit promotion among integers; 0 for others. */
  public int rank() {
    return switch (this) {
      case INT2 -> 1;
      case INT4 -> 2;
      case INT8 -> 3;
      default -> 0;
    };
  }
}
