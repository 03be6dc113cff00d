package dev.quicksilver.gateway.sequence;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes a JSON object of several columns, without white space, members in the order given: the
 * same bytes for the same row, always. Numbers, booleans and null as such (NaN and infinity as
 * strings), json and jsonb embedded as PostgreSQL prints them, all else as a string of PostgreSQL's
 * text: bytea in hex, dates and times as its {@code to_json} writes them, in UTC.
 */
final class ValueObject {
  private static final byte[] NULL = ascii("null");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  ValueObject() {
    out.write('{');
  }

  /** Adds a member; {@code value} is in PostgreSQL's binary form, null for SQL's NULL. */
  void member(String name, ColumnType type, byte @Nullable [] value) {
    if (out.size() > 1) {
      out.write(',');
    }
    string(name.getBytes(StandardCharsets.UTF_8));
    out.write(':');
    if (value == null) {
      out.writeBytes(NULL);
      return;
    }
    ByteBuffer binary = ByteBuffer.wrap(value);
    switch (type) {
      case BOOL -> out.writeBytes(ascii(value[0] == 0 ? "false" : "true"));
      case INT2 -> out.writeBytes(ascii(Short.toString(binary.getShort())));
      case INT4 -> out.writeBytes(ascii(Integer.toString(binary.getInt())));
      case INT8 -> out.writeBytes(ascii(Long.toString(binary.getLong())));
      case FLOAT4 -> number(PostgresText.float4(binary.getFloat()));
      case FLOAT8 -> number(PostgresText.float8(binary.getDouble()));
      case NUMERIC -> number(PostgresText.numeric(binary));
      case DATE -> string(ascii(PostgresText.date(binary.getInt())));
      case TIME -> string(ascii(PostgresText.time(binary.getLong())));
      case TIMESTAMP -> string(ascii(PostgresText.timestamp(binary.getLong(), "")));
      case TIMESTAMPTZ -> string(ascii(PostgresText.timestamp(binary.getLong(), "+00:00")));
      case UUID -> string(ascii(new UUID(binary.getLong(), binary.getLong()).toString()));
      case BYTEA -> string(ascii("\\x" + HexFormat.of().formatHex(value)));
      case TEXT, VARCHAR, BPCHAR -> string(value);
      case JSON -> out.writeBytes(value);
      case JSONB -> out.write(value, 1, value.length - 1);
    }
  }

  byte[] end() {
    out.write('}');
    return out.toByteArray();
  }

  /** JSON has no numbers that are none. */
  private void number(String text) {
    byte[] bytes = ascii(text);
    if (Character.isLetter(text.charAt(text.length() - 1))) { // NaN, Infinity, -Infinity
      string(bytes);
    } else {
      out.writeBytes(bytes);
    }
  }

  private void string(byte[] utf8) {
    out.write('"');
    for (byte b : utf8) {
      switch (b) {
        case '"', '\\' -> {
          out.write('\\');
          out.write(b);
        }
        case '\b' -> out.writeBytes(ascii("\\b"));
        case '\f' -> out.writeBytes(ascii("\\f"));
        case '\n' -> out.writeBytes(ascii("\\n"));
        case '\r' -> out.writeBytes(ascii("\\r"));
        case '\t' -> out.writeBytes(ascii("\\t"));
        default -> {
          if (b >= 0 && b < 0x20) {
            out.writeBytes(ascii("\\u00" + HexFormat.of().toHexDigits(b)));
          } else {
            out.write(b);
          }
        }
      }
    }
    out.write('"');
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
