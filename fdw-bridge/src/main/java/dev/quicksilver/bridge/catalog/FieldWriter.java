package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.TextFormat;
import dev.quicksilver.bridge.types.Tid;
import dev.quicksilver.bridge.types.Times;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * Writes fields in PostgreSQL's text and binary formats, for the types that relations of the
 * replica have. Remembers the last timestamp it formatted, because rows of one transaction share
 * theirs; so it belongs to one cursor.
 *
 * <p>Source of the binary formats: the send functions of PostgreSQL's types.
 */
final class FieldWriter {
  /** µs from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
  private static final long EPOCH_MICROS = 946_684_800_000_000L;

  private final StringBuilder text = new StringBuilder(32);
  private long formatted = Long.MIN_VALUE;
  private @Nullable ZoneId formattedZone;
  private String timestamp = "";

  /** A text, bytea or jsonb as stored, in text format. */
  static void bytes(Type type, byte[] buffer, int from, int length, MessageWriter out) {
    if (type == Type.BYTEA) {
      out.hexField(buffer, from, length);
    } else {
      out.field(buffer, from, length);
    }
  }

  /** A text, bytea or jsonb as stored, in binary format; jsonb begins with its version. */
  static void bytesInBinary(Type type, byte[] buffer, int from, int length, MessageWriter out) {
    if (type == Type.JSONB) {
      out.int32(length + 1);
      out.int8(1);
      out.bytes(buffer, from, length);
    } else {
      out.field(buffer, from, length);
    }
  }

  /** A timestamptz in text format. */
  void timestamp(long micros, ZoneId zone, MessageWriter out) {
    if (micros != formatted || !zone.equals(formattedZone)) {
      text.setLength(0);
      Times.appendTimestampTz(micros, zone, text);
      timestamp = text.toString();
      formatted = micros;
      formattedZone = zone;
    }
    out.textField(timestamp);
  }

  /** A timestamptz in binary format. */
  static void timestampInBinary(long micros, MessageWriter out) {
    out.int32(8);
    out.int64(micros - EPOCH_MICROS);
  }

  /** An int8 or pg_lsn in binary format. */
  static void longInBinary(long value, MessageWriter out) {
    out.int32(8);
    out.int64(value);
  }

  /** A tid in binary format. */
  static void tidInBinary(Tid tid, MessageWriter out) {
    out.int32(6);
    out.int32((int) tid.block());
    out.int16(tid.offset());
  }

  /** Any value in text format. */
  void value(Type type, @Nullable Object value, ZoneId zone, MessageWriter out) {
    if (value == null) {
      out.int32(-1);
    } else if (value instanceof Bytes bytes) {
      out.hexField(bytes.content(), 0, bytes.content().length);
    } else if (value instanceof Long number && type == Type.INT8) {
      out.longField(number);
    } else if (value instanceof Long micros && type == Type.TIMESTAMPTZ) {
      timestamp(micros, zone, out);
    } else if (value instanceof String string) {
      out.textField(string);
    } else {
      out.textField(TextFormat.format(type, value, zone));
    }
  }

  /** A text, int8, int4, timestamptz or pg_lsn in binary format. */
  static void valueInBinary(Type type, @Nullable Object value, MessageWriter out) {
    switch (value) {
      case null -> out.int32(-1);
      case Long micros when type == Type.TIMESTAMPTZ -> timestampInBinary(micros, out);
      case Long number -> longInBinary(number, out);
      case Integer number -> {
        out.int32(4);
        out.int32(number);
      }
      case String string -> {
        byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
        out.field(utf8, 0, utf8.length);
      }
      default -> throw new IllegalArgumentException(type + " in binary format");
    }
  }
}
