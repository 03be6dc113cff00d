package dev.quicksilver.gateway.sequence;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Which columns of a published table make the key and the value, as {@code quicksilver.publish} has
 * written it: {@code {"key":[{"name":"id","type":"int4"}],"value":[…],"object":true}}, types by
 * their name in {@code pg_type}.
 *
 * @param key in the order of the key's bytes
 * @param value in the order of the JSON object's members
 * @param object the value is a JSON object of the columns; otherwise the one column itself
 */
public record Projection(List<Field> key, List<Field> value, boolean object) {
  /** A column of the table. */
  public record Field(String name, ColumnType type) {}

  private static final JsonMapper JSON = new JsonMapper();

  static Projection of(byte[] json) {
    try {
      return of(JSON.readTree(json));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** Reads what {@code quicksilver.catalog} says; a refusal if this version cannot. */
  public static Projection of(String json) {
    return of(json.getBytes(StandardCharsets.UTF_8));
  }

  static Projection of(JsonNode node) {
    List<Field> key = fields(node.path("key"));
    List<Field> value = fields(node.path("value"));
    boolean object = node.path("object").asBoolean();
    if (key.isEmpty() || value.isEmpty() || (!object && value.size() != 1)) {
      throw unreadable(new IllegalArgumentException(node.toString()));
    }
    return new Projection(key, value, object);
  }

  private static List<Field> fields(JsonNode array) {
    List<Field> fields = new ArrayList<>();
    for (JsonNode node : array) {
      try {
        fields.add(
            new Field(node.path("name").asText(), ColumnType.ofName(node.path("type").asText())));
      } catch (IllegalArgumentException e) {
        throw unreadable(e);
      }
    }
    return List.copyOf(fields);
  }

  private static GatewayException unreadable(Exception cause) {
    return new GatewayException(
        ErrorCode.PROTOCOL,
        "the catalog has a projection that this version does not know ("
            + cause.getMessage()
            + "); upgrade Quicksilver",
        cause);
  }

  JsonNode toJson() {
    ObjectNode node = JSON.createObjectNode();
    write(node.putArray("key"), key);
    write(node.putArray("value"), value);
    node.put("object", object);
    return node;
  }

  private static void write(ArrayNode array, List<Field> fields) {
    for (Field field : fields) {
      array.addObject().put("name", field.name()).put("type", field.type().typeName());
    }
  }
}
