package dev.quicksilver.gateway.sequence;

import java.io.ByteArrayOutputStream;

/**
 * Keys of columns other than one of text or bytea (those are the raw bytes): the components one
 * after the other, so that unsigned byte order is the order of the columns and no key is a prefix
 * of another.
 *
 * <pre>
 * smallint, integer, bigint   2, 4, 8 bytes, big endian, the sign bit flipped
 * date                        days since 2000-01-01, as an integer
 * timestamp, timestamptz      µs since 2000-01-01 (UTC), as a bigint
 * uuid                        its 16 bytes
 * text, varchar, bytea        its bytes, each 00 as 00 FF; then 00 01
 * </pre>
 */
final class KeyEncoding {
  private KeyEncoding() {}

  /** True if a key of one such column is the column's bytes as they are. */
  static boolean isRawAlone(ColumnType type) {
    return type == ColumnType.TEXT || type == ColumnType.VARCHAR || type == ColumnType.BYTEA;
  }

  /** Appends a component, given in PostgreSQL's binary form. */
  static void append(ByteArrayOutputStream key, ColumnType type, byte[] component) {
    switch (type) {
      case INT2, INT4, INT8, DATE, TIMESTAMP, TIMESTAMPTZ -> {
        key.write(component[0] ^ 0x80);
        key.write(component, 1, component.length - 1);
      }
      case UUID -> key.writeBytes(component);
      case TEXT, VARCHAR, BYTEA -> {
        for (byte b : component) {
          key.write(b);
          if (b == 0) {
            key.write(0xFF);
          }
        }
        key.write(0);
        key.write(1);
      }
      case BOOL, BPCHAR, FLOAT4, FLOAT8, JSON, JSONB, NUMERIC, TIME ->
          throw new IllegalArgumentException("no key has a column of type " + type.typeName());
    }
  }
}
