package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.types.Type;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads arrays of one dimension: text as PostgreSQL itself writes it, and the binary format of
 * array_send.
 */
final class ArrayInput {
  private final String text;
  private final Type element;
  private int at;

  private ArrayInput(String text, Type element) {
    this.text = text;
    this.element = element;
  }

  /** The elements of an array in text format. */
  static List<Constant> text(Type array, String text) {
    return new ArrayInput(text, element(array)).elements();
  }

  static Type element(Type array) {
    return array.element().orElseThrow(() -> new Outside("not an array"));
  }

  private char next() {
    if (at >= text.length()) {
      throw new Outside("an array that does not end");
    }
    return text.charAt(at++);
  }

  private List<Constant> elements() {
    List<Constant> elements = new ArrayList<>();
    if (text.equals("{}")) {
      return elements;
    }
    char mark = next();
    if (mark != '{') {
      throw new Outside("an array in another form");
    }
    do {
      elements.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
      mark = next();
    } while (mark == ',');
    if (mark != '}' || at != text.length()) {
      throw new Outside("an array in another form");
    }
    return elements;
  }

  private Constant quoted() {
    at++;
    var content = new StringBuilder();
    for (char c = next(); c != '"'; c = next()) {
      content.append(c == '\\' ? next() : c);
    }
    return Input.text(element, content.toString());
  }

  private Constant plain() {
    int start = at;
    while (at < text.length() && ",}".indexOf(text.charAt(at)) < 0) {
      char c = text.charAt(at++);
      if (c <= ' ' || c == '{' || c == '"' || c == '\\') {
        throw new Outside("an array in another form");
      }
    }
    String content = text.substring(start, at);
    if (content.isEmpty()) {
      throw new Outside("an array in another form");
    }
    return content.equalsIgnoreCase("null") ? Constant.NULL : Input.text(element, content);
  }

  /** The elements of an array in binary format. */
  static List<Constant> binary(Type array, byte[] bytes) {
    Type element = element(array);
    List<Constant> elements = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      int dimensions = in.getInt();
      int flags = in.getInt();
      int oid = in.getInt();
      if (dimensions < 0 || dimensions > 1 || (flags & ~1) != 0 || oid != element.oid()) {
        throw new Outside("an array in another form");
      }
      int count = dimensions == 0 ? 0 : in.getInt();
      if (dimensions == 1 && (count < 1 || in.getInt() != 1)) {
        throw new Outside("an array with uncommon bounds");
      }
      for (int i = 0; i < count; i++) {
        int length = in.getInt();
        if (length < -1 || length > in.remaining()) {
          throw new Outside("an element of a wrong length");
        }
        if (length < 0) {
          elements.add(Constant.NULL);
        } else {
          byte[] content = new byte[length];
          in.get(content);
          elements.add(Input.binary(element, content));
        }
      }
    } catch (BufferUnderflowException e) {
      throw new Outside("an array that does not end");
    }
    if (in.hasRemaining()) {
      throw new Outside("an array with something behind it");
    }
    return elements;
  }
}
