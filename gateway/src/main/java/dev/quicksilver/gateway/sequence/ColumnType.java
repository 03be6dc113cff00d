package dev.quicksilver.gateway.sequence;

import java.util.Locale;

/** The types of columns that a key or a value is made of, with their OIDs in pg_type.dat. */
public enum ColumnType {
  BOOL(16),
  BYTEA(17),
  INT8(20),
  INT2(21),
  INT4(23),
  TEXT(25),
  JSON(114),
  FLOAT4(700),
  FLOAT8(701),
  BPCHAR(1042),
  VARCHAR(1043),
  DATE(1082),
  TIME(1083),
  TIMESTAMP(1114),
  TIMESTAMPTZ(1184),
  NUMERIC(1700),
  UUID(2950),
  JSONB(3802);

  private final int oid;

  ColumnType(int oid) {
    this.oid = oid;
  }

  int oid() {
    return oid;
  }

  /** The name in pg_type. */
  String typeName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The type of a name in pg_type.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  static ColumnType ofName(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
