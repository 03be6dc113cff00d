package dev.quicksilver.edge.handover;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one process says to the other: a kind, and values by name, some of them several times. A
 * name that a process does not know is of a later build, and left alone. Not safe for several
 * threads.
 */
public final class Message {
  private final String kind;
  private final List<Field> fields = new ArrayList<>();

  /** One value. It is not copied. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Field(String name, byte[] bytes, int from, int to) {
    int length() {
      return to - from;
    }
  }

  /** Begins a message. */
  public Message(String kind) {
    this.kind = kind;
  }

  /** Returns what kind of message it is. */
  public String kind() {
    return kind;
  }

  List<Field> fields() {
    return fields;
  }

  /** Adds a text. */
  public Message with(String name, String value) {
    return with(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a number. */
  public Message with(String name, long value) {
    return with(name, Long.toString(value));
  }

  /** Adds bytes, which must not change before they are sent. */
  public Message with(String name, byte[] value) {
    return with(name, value, 0, value.length);
  }

  /** Adds a part of an array, which must not change before it is sent. */
  public Message with(String name, byte[] bytes, int from, int to) {
    fields.add(new Field(name, bytes, from, to));
    return this;
  }

  /** Returns all values of a name, in order. */
  public List<byte[]> all(String name) {
    return fields.stream()
        .filter(field -> field.name.equals(name))
        .map(
            field ->
                field.length() == field.bytes.length
                    ? field.bytes
                    : java.util.Arrays.copyOfRange(field.bytes, field.from, field.to))
        .toList();
  }

  /** Returns all values of a name as texts, in order. */
  public List<String> texts(String name) {
    return all(name).stream().map(each -> new String(each, StandardCharsets.UTF_8)).toList();
  }

  /** Returns the first text of a name. */
  public Optional<String> text(String name) {
    return texts(name).stream().findFirst();
  }

  /**
   * Returns the first number of a name.
   *
   * @throws IllegalArgumentException if it is none
   */
  public long number(String name, long otherwise) {
    return text(name).map(Long::parseLong).orElse(otherwise);
  }
}
