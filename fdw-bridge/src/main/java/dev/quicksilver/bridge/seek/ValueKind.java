package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.TypeName;
import dev.quicksilver.bridge.types.Type;
import java.util.List;

/** What a column can be compared with: the types that fit it, the column's own first. */
enum ValueKind {
  /** text, byte by byte. */
  TEXT,
  /** bytea. */
  BYTEA,
  /** int8, and what PostgreSQL compares with it without a change of its value. */
  INTEGER,
  /** timestamptz, in µs since 1970. */
  TIMESTAMP;

  private List<Type> scalars() {
    return switch (this) {
      case TEXT -> List.of(Type.TEXT, Type.VARCHAR);
      case BYTEA -> List.of(Type.BYTEA);
      case INTEGER -> List.of(Type.INT8, Type.INT4, Type.INT2);
      case TIMESTAMP -> List.of(Type.TIMESTAMPTZ);
    };
  }

  private List<Type> arrays() {
    return switch (this) {
      case TEXT -> List.of(Type.TEXT_ARRAY, Type.VARCHAR_ARRAY);
      case BYTEA -> List.of(Type.BYTEA_ARRAY);
      case INTEGER -> List.of(Type.INT8_ARRAY, Type.INT4_ARRAY, Type.INT2_ARRAY);
      case TIMESTAMP -> List.of(Type.TIMESTAMPTZ_ARRAY);
    };
  }

  /** The kind of a column; no other columns can be compared. */
  static ValueKind of(Type column) {
    return switch (column) {
      case TEXT -> TEXT;
      case BYTEA -> BYTEA;
      case INT8 -> INTEGER;
      case TIMESTAMPTZ -> TIMESTAMP;
      default -> throw new Outside("a condition on " + column);
    };
  }

  /** Whether values are {@code long}, else byte strings. */
  boolean isNumber() {
    return this == INTEGER || this == TIMESTAMP;
  }

  /** The type of a column of this kind, or the array over it. */
  Type own(boolean array) {
    return array ? arrays().getFirst() : scalars().getFirst();
  }

  /** A type of this kind by OID. */
  Type type(int oid, boolean array) {
    for (Type type : array ? arrays() : scalars()) {
      if (type.oid() == oid) {
        return type;
      }
    }
    throw new Outside("a parameter of another type");
  }

  /** A type of this kind by its name in a cast. */
  Type type(TypeName name) {
    boolean builtIn = name.schema().isEmpty() || name.schema().equals("pg_catalog");
    if (!builtIn || !name.modifiers().isEmpty()) {
      throw new Outside("a type with a schema or a modifier");
    }
    for (int i = 0; i < scalars().size(); i++) {
      Type scalar = scalars().get(i);
      if (scalar.name().equalsIgnoreCase(name.name())) {
        return name.array() ? arrays().get(i) : scalar;
      }
    }
    throw new Outside("a cast to another type");
  }
}
