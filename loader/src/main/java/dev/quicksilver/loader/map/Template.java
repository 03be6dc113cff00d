package dev.quicksilver.loader.map;

import dev.quicksilver.loader.read.Column;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a key or a value is made of: text with parts of the record in braces, as {@code
 * {zone}/{host|trim|lower}}. A brace itself is written twice.
 */
public final class Template {
  /** Text, or a column and what is done to it. */
  private record Part(byte[] text, @Nullable Column column, List<Filter> filters) {}

  private final List<Part> parts;
  private final List<Column> columns;

  private Template(List<Part> parts) {
    this.parts = List.copyOf(parts);
    List<Column> wanted = new ArrayList<>();
    for (Part part : parts) {
      if (part.column() != null) {
        wanted.add(part.column());
      }
    }
    columns = List.copyOf(wanted);
  }

  /**
   * Reads a template.
   *
   * @param json whether a column alone means its JSON text, of a source of JSON
   * @throws IllegalArgumentException if a brace is not closed or a filter is unknown
   */
  public static Template parse(String text, boolean json) {
    List<Part> parts = new ArrayList<>();
    var constant = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      boolean twice = at + 1 < text.length() && text.charAt(at + 1) == c;
      if ((c == '{' || c == '}') && twice) {
        constant.append(c);
        at += 2;
      } else if (c == '}') {
        throw new IllegalArgumentException(
            "\"" + text + "\": a } closes nothing at character " + (at + 1) + " (write }})");
      } else if (c == '{') {
        int end = text.indexOf('}', at);
        if (end < 0) {
          throw new IllegalArgumentException(
              "\"" + text + "\": the { at character " + (at + 1) + " is not closed (write {{)");
        }
        addConstant(parts, constant);
        parts.add(part(text, text.substring(at + 1, end), json));
        at = end + 1;
      } else {
        constant.append(c);
        at++;
      }
    }
    addConstant(parts, constant);
    return new Template(parts);
  }

  private static void addConstant(List<Part> parts, StringBuilder constant) {
    if (!constant.isEmpty()) {
      parts.add(new Part(constant.toString().getBytes(StandardCharsets.UTF_8), null, List.of()));
      constant.setLength(0);
    }
  }

  private static Part part(String template, String reference, boolean json) {
    String[] words = reference.split("\\|", -1);
    if (words[0].isEmpty()) {
      throw new IllegalArgumentException("\"" + template + "\": {} names no column");
    }
    List<Filter> filters = new ArrayList<>();
    for (int i = 1; i < words.length; i++) {
      filters.add(filter(template, words[i]));
    }
    boolean asJson = filters.isEmpty() ? json : filters.contains(Filter.JSON);
    return new Part(new byte[0], new Column(words[0], asJson), filters);
  }

  private static Filter filter(String template, String word) {
    for (Filter filter : Filter.values()) {
      if (filter.name().toLowerCase(Locale.ROOT).equals(word.strip())) {
        return filter;
      }
    }
    throw new IllegalArgumentException(
        "\""
            + template
            + "\": there is no filter \""
            + word
            + "\"; there are trim, lower, upper, hex, base64, string and json");
  }

  /** The parts of a record that it needs, in the order in which {@link #apply} takes them. */
  public List<Column> columns() {
    return columns;
  }

  /**
   * Makes a text of a record's fields.
   *
   * @param from where its columns begin among the fields
   * @return the bytes; null if it is one column alone, and that is NULL
   */
  byte @Nullable [] apply(List<byte @Nullable []> fields, int from) throws Unfit {
    if (parts.size() == 1) {
      return apply(parts.getFirst(), fields, from);
    }
    var bytes = new ByteArrayOutputStream();
    int field = from;
    for (Part part : parts) {
      byte[] text = apply(part, fields, field);
      if (text == null) {
        throw new Unfit(name(part) + " is null or missing");
      }
      bytes.writeBytes(text);
      field += part.column() == null ? 0 : 1;
    }
    return bytes.toByteArray();
  }

  private static byte @Nullable [] apply(Part part, List<byte @Nullable []> fields, int field)
      throws Unfit {
    if (part.column() == null) {
      return part.text();
    }
    byte[] text = fields.get(field);
    for (Filter filter : part.filters()) {
      if (text == null) {
        return null;
      }
      if (filter.needsText() && !Checks.isUtf8(text)) {
        throw new Unfit(name(part) + " is not UTF-8");
      }
      try {
        text = filter.apply(text);
      } catch (Unfit e) {
        throw new Unfit(name(part) + " " + e.getMessage());
      }
    }
    return text;
  }

  private static String name(Part part) {
    Column column = part.column();
    if (column == null) {
      return "it";
    }
    return column.isNumber() ? "column " + column.name() : "\"" + column.name() + "\"";
  }
}
