package dev.quicksilver.bridge.evaluate;

import dev.quicksilver.bridge.wire.MessageWriter;
import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An ErrorResponse or a NoticeResponse: its fields by their letters, in the order in which they
 * came (protocol-error-fields of PostgreSQL's manual).
 */
record ServerMessage(Map<Character, String> fields) {
  static ServerMessage parse(byte[] body, Charset charset) {
    Map<Character, String> fields = new LinkedHashMap<>();
    int at = 0;
    while (at < body.length && body[at] != 0) {
      int end = at + 1;
      while (end < body.length && body[end] != 0) {
        end++;
      }
      fields.put((char) body[at], new String(body, at + 1, end - at - 1, charset));
      at = end + 1;
    }
    return new ServerMessage(fields);
  }

  /** SQLSTATE. */
  String state() {
    return fields.getOrDefault('C', "XX000");
  }

  /** The primary message. */
  String text() {
    return fields.getOrDefault('M', "");
  }

  /** Whether the connection ends with it. */
  boolean fatal() {
    String severity = fields.getOrDefault('V', "");
    return severity.equals("FATAL") || severity.equals("PANIC");
  }

  /** The same with other fields; an empty value removes one. */
  ServerMessage with(Map<Character, String> others) {
    Map<Character, String> changed = new LinkedHashMap<>(fields);
    changed.putAll(others);
    changed.values().removeIf(String::isEmpty);
    return new ServerMessage(changed);
  }

  /** The same for a statement that stands so many characters behind the beginning of the text. */
  ServerMessage moved(int characters) {
    String position = fields.get('P');
    return position == null || characters == 0
        ? this
        : with(Map.of('P', Integer.toString(Integer.parseInt(position) + characters)));
  }

  void write(char type, MessageWriter out) {
    out.begin(type);
    fields.forEach(
        (letter, text) -> {
          out.int8(letter);
          out.string(text);
        });
    out.int8(0);
    out.end();
  }
}
