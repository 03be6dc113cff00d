package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a RESP server says, as a client shows it. Bytes are characters of ISO 8859-1. */
sealed interface RespAnswer {
  /** Text of any kind that the client tells apart: {@code kind} is its own name of it. */
  record Text(String kind, String text) implements RespAnswer {}

  /** A number. */
  record Int(long number) implements RespAnswer {}

  /** Nothing. */
  record None(String kind) implements RespAnswer {}

  /** An error. */
  record Failed(String message) implements RespAnswer {}

  /** Several, one after the other; of a map each key and its value. */
  record Group(String kind, List<RespAnswer> parts) implements RespAnswer {
    public Group {
      parts = List.copyOf(parts);
    }
  }

  /** The connection has ended. */
  record Ended() implements RespAnswer {}

  static RespAnswer text(byte[] bytes) {
    return new Text("text", new String(bytes, ISO_8859_1));
  }

  /** Takes over what a client gives: bytes, texts, numbers, nulls and lists of them. */
  static RespAnswer of(@org.jspecify.annotations.Nullable Object given) {
    return switch (given) {
      case null -> new None("nothing");
      case byte[] bytes -> text(bytes);
      case String text -> new Text("string", text);
      case Long number -> new Int(number);
      case Integer number -> new Int(number);
      case Throwable error -> new Failed(String.valueOf(error.getMessage()));
      case java.util.Map.Entry<?, ?> entry ->
          new Group("entry", List.of(of(entry.getKey()), of(entry.getValue())));
      case java.util.Map<?, ?> map -> {
        List<RespAnswer> parts = new ArrayList<>();
        map.forEach(
            (key, value) -> {
              parts.add(of(key));
              parts.add(of(value));
            });
        yield new Group("map", parts);
      }
      case Iterable<?> several -> {
        List<RespAnswer> parts = new ArrayList<>();
        several.forEach(each -> parts.add(of(each)));
        yield new Group("list", parts);
      }
      default -> new Text(given.getClass().getSimpleName(), given.toString());
    };
  }

  /** All of it in one text; different answers have different ones. */
  default String whole() {
    return switch (this) {
      case Text text -> text.kind + " \"" + text.text + "\"";
      case Int number -> "number " + number.number;
      case None none -> none.kind;
      case Failed failed -> "error " + failed.message;
      case Group group -> group.kind + joined(group.parts.stream().map(RespAnswer::whole).toList());
      case Ended _ -> "end of the connection";
    };
  }

  /** Kinds and sizes alone. */
  default String shape() {
    return switch (this) {
      case Text text -> text.kind;
      case Int _ -> "number";
      case None none -> none.kind;
      case Failed _ -> "error";
      case Group group -> group.kind + joined(group.parts.stream().map(RespAnswer::shape).toList());
      case Ended _ -> "end of the connection";
    };
  }

  private static String joined(List<String> parts) {
    return parts.stream().collect(Collectors.joining(", ", "[", "]"));
  }

  /** What it is outermost. */
  default String kind() {
    return switch (this) {
      case Group group -> group.kind;
      default -> shape();
    };
  }

  /** The parts; none if it has none. */
  default List<RespAnswer> parts() {
    return this instanceof Group group ? group.parts : List.of();
  }

  /** The text without what kind it is; of an error its message. */
  default String plain() {
    return switch (this) {
      case Text text -> text.text;
      case Int number -> Long.toString(number.number);
      case Failed failed -> failed.message;
      default -> whole();
    };
  }
}
