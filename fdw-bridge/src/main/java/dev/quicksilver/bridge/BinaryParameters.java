package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.TextFormat;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageReader;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/** Parameters in binary format, turned into text. */
final class BinaryParameters {
  private BinaryParameters() {}

  static String text(int oid, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      for (Type type : Type.values()) {
        if (type.oid() == oid) {
          return switch (type) {
            case INT2 -> Short.toString(in.getShort());
            case INT4 -> Integer.toString(in.getInt());
            case INT8 -> Long.toString(in.getLong());
            case OID -> Integer.toUnsignedString(in.getInt());
            case BOOL -> in.get() == 0 ? "f" : "t";
            case FLOAT8 -> TextFormat.float8(in.getDouble());
            case BYTEA -> new Bytes(bytes).toString();
            case TEXT, VARCHAR, BPCHAR, NAME, UNKNOWN -> MessageReader.utf8(in);
            default -> throw PgException.unsupported("binary parameters of type " + type.sqlName());
          };
        }
      }
    } catch (BufferUnderflowException e) {
      throw PgException.of(
          SqlState.INVALID_BINARY_REPRESENTATION, "insufficient data left in message", e);
    }
    throw PgException.unsupported("binary parameters without a type");
  }
}
