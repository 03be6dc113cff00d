package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.List;

/** The backend messages of a session. */
final class Replies {
  private Replies() {}

  static void empty(MessageWriter out, char type) {
    out.begin(type);
    out.end();
  }

  static void complete(MessageWriter out, String tag) {
    out.begin('C');
    out.string(tag);
    out.end();
  }

  static void ready(MessageWriter out, char status) {
    out.begin('Z');
    out.int8(status);
    out.end();
  }

  static void parameter(MessageWriter out, String name, String value) {
    out.begin('S');
    out.string(name);
    out.string(value);
    out.end();
  }

  /** Describes columns; those beyond the array go out as text. */
  static void description(
      MessageWriter out, List<String> names, List<Type> types, boolean[] binary) {
    out.begin('T');
    out.int16(names.size());
    for (int i = 0; i < names.size(); i++) {
      Type type = types.get(i);
      out.string(names.get(i));
      out.int32(0);
      out.int16(0);
      out.int32(type == Type.UNKNOWN ? Type.TEXT.oid() : type.oid());
      out.int16(type.length());
      out.int32(-1);
      out.int16(i < binary.length && binary[i] ? 1 : 0);
    }
    out.end();
  }

  static void textRow(MessageWriter out, String text) {
    out.begin('D');
    out.int16(1);
    out.textField(text);
    out.end();
  }

  static void error(MessageWriter out, PgException error, String sql, String severity) {
    out.begin('E');
    field(out, 'S', severity);
    field(out, 'V', severity);
    field(out, 'C', error.state().code());
    field(out, 'M', error.message());
    String hint = error.hint();
    if (hint != null) {
      field(out, 'H', hint);
    }
    int position = error.position();
    if (position >= 0 && position <= sql.length()) {
      field(out, 'P', Integer.toString(sql.codePointCount(0, position) + 1));
    }
    out.int8(0);
    out.end();
  }

  static void notice(MessageWriter out, String state, String message) {
    out.begin('N');
    field(out, 'S', "WARNING");
    field(out, 'V', "WARNING");
    field(out, 'C', state);
    field(out, 'M', message);
    out.int8(0);
    out.end();
  }

  private static void field(MessageWriter out, char code, String text) {
    out.int8(code);
    out.string(text);
  }
}
