package dev.quicksilver.loader.read;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object a line. What is wanted of it is taken from the text itself, so that numbers and
 * nested objects stay as they are written.
 */
final class JsonLinesReader extends LinesReader {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(JsonTexts.CONSTRAINTS)
          .build();

  private final List<Column> wanted;
  private final List<List<String>> paths;

  JsonLinesReader(Lines lines, List<Column> wanted) {
    super(lines);
    this.wanted = wanted;
    paths = wanted.stream().map(column -> path(column.name())).toList();
  }

  /** A member's name alone, or the parts of a JSON pointer. */
  private static List<String> path(String name) {
    if (name.equals("*")) {
      return List.of();
    }
    if (!name.startsWith("/")) {
      return List.of(name);
    }
    return Arrays.stream(name.substring(1).split("/", -1))
        .map(part -> part.replace("~1", "/").replace("~0", "~"))
        .toList();
  }

  @Override
  public @Nullable SourceRecord next() throws IOException {
    while (lines.next()) {
      if (lines.isTooLong()) {
        return SourceRecord.bad(lines.take(), Readers.TOO_LONG);
      }
      if (isBlank()) {
        lines.skip();
        continue;
      }
      Extent.OfLines extent = lines.take();
      try {
        return new SourceRecord(extent, fields(extent.text()), null);
      } catch (JsonProcessingException e) {
        return SourceRecord.bad(extent, explain(e));
      }
    }
    return null;
  }

  private static String explain(JsonProcessingException e) {
    long column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
    return "it is not a JSON object"
        + (column > 0 ? " (at byte " + column + ")" : "")
        + ": "
        + JsonTexts.explain(e);
  }

  private boolean isBlank() {
    for (int at = lines.start(); at < lines.end(); at++) {
      if (lines.buffer()[at] > ' ' || lines.buffer()[at] < 0) {
        return false;
      }
    }
    return true;
  }

  private List<byte @Nullable []> fields(byte[] text) throws IOException {
    List<byte @Nullable []> fields = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      fields.add(null);
    }
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new com.fasterxml.jackson.core.JsonParseException(parser, "there is no {");
      }
      walk(parser, text, 0, paths, fields);
      for (int i = 0; i < paths.size(); i++) {
        if (paths.get(i).isEmpty()) {
          int from = indexOfBrace(text);
          fields.set(
              i, Arrays.copyOfRange(text, from, (int) parser.currentLocation().getByteOffset()));
        }
      }
      if (parser.nextToken() != null) {
        throw new com.fasterxml.jackson.core.JsonParseException(
            parser, "something stands after the object");
      }
    }
    return fields;
  }

  private static int indexOfBrace(byte[] text) {
    int at = 0;
    while (text[at] != '{') {
      at++;
    }
    return at;
  }

  /** Walks through an object or an array, and takes what is wanted from there. */
  private void walk(
      JsonParser parser,
      byte[] text,
      int depth,
      List<List<String>> open,
      List<byte @Nullable []> fields)
      throws IOException {
    boolean array = parser.currentToken() == JsonToken.START_ARRAY;
    int index = 0;
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_OBJECT && token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      String name = array ? Integer.toString(index++) : parser.currentName();
      if (!array) {
        token = parser.nextToken();
      }
      value(parser, text, depth + 1, name, open, fields);
    }
  }

  private void value(
      JsonParser parser,
      byte[] text,
      int depth,
      String name,
      List<List<String>> open,
      List<byte @Nullable []> fields)
      throws IOException {
    List<List<String>> deeper = new ArrayList<>();
    List<Integer> here = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      List<String> path = paths.get(i);
      if (path.size() >= depth && open.contains(path) && path.get(depth - 1).equals(name)) {
        if (path.size() == depth) {
          here.add(i);
        } else {
          deeper.add(path);
        }
      }
    }
    int from = (int) parser.currentTokenLocation().getByteOffset();
    JsonToken token = parser.currentToken();
    String string = here.isEmpty() || token != JsonToken.VALUE_STRING ? null : parser.getText();
    if (token.isStructStart() && !deeper.isEmpty()) {
      walk(parser, text, depth, deeper, fields);
    } else if (token.isStructStart()) {
      parser.skipChildren();
    } else {
      parser.finishToken();
    }
    int to = (int) parser.currentLocation().getByteOffset();
    for (int i : here) {
      if (token == JsonToken.VALUE_NULL && !wanted.get(i).json()) {
        fields.set(i, null);
      } else if (string != null && !wanted.get(i).json()) {
        fields.set(i, string.getBytes(StandardCharsets.UTF_8));
      } else {
        fields.set(i, Arrays.copyOfRange(text, from, to));
      }
    }
  }
}
