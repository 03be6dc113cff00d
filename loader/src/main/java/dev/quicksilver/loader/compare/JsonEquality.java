package dev.quicksilver.loader.compare;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NumericNode;
import dev.quicksilver.loader.read.JsonTexts;
import java.io.IOException;
import java.util.Arrays;

/**
 * Whether two texts are the same {@code jsonb}: blanks, order and the form of numbers do not count.
 */
final class JsonEquality {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder(JsonFactory.builder().streamReadConstraints(JsonTexts.CONSTRAINTS).build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private JsonEquality() {}

  static boolean same(byte[] one, byte[] other) {
    if (Arrays.equals(one, other)) {
      return true;
    }
    try {
      return MAPPER.readTree(one).equals(JsonEquality::compare, MAPPER.readTree(other));
    } catch (JsonProcessingException e) {
      return false;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e); // from an array there is none
    }
  }

  /** For leaves; 0 if they are the same. */
  private static int compare(JsonNode one, JsonNode other) {
    if (one instanceof NumericNode && other instanceof NumericNode) {
      return one.decimalValue().compareTo(other.decimalValue());
    }
    return one.equals(other) ? 0 : 1;
  }
}
