package dev.quicksilver.replication;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Reads an entry of the catalog: the key is a database's name, the value a JSON object with at
 * least {@code id}, {@code key_type} and {@code value_type}. Other members are for the gateway and
 * are skipped. Stateless.
 */
final class CatalogEntry {
  /** The database that lists all databases. */
  static final String CATALOG = DatabaseSet.CATALOG;

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private CatalogEntry() {}

  /**
   * Decodes an entry.
   *
   * @throws IOException if it is not one; the message names the database
   */
  static DatabaseIdentity decode(byte[] key, byte[] value) throws IOException {
    String name = new String(key, StandardCharsets.UTF_8);
    try {
      Map<String, String> members = members(value);
      return new DatabaseIdentity(
          UUID.fromString(member(members, "id")),
          name,
          member(members, "key_type"),
          member(members, "value_type"));
    } catch (IOException | IllegalArgumentException | StorageException e) {
      throw new IOException(
          "the catalog's entry of database \"" + name + "\" cannot be read: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> members(byte[] value) throws IOException {
    Map<String, String> members = new HashMap<>();
    try (JsonParser parser = JSON.createParser(value)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String member = parser.currentName();
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_STRING) {
          members.put(member, parser.getText());
        } else {
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new IOException("bytes after the JSON object");
      }
    }
    return members;
  }

  private static String member(Map<String, String> members, String name) throws IOException {
    String value = members.get(name);
    if (value == null) {
      throw new IOException("no text member \"" + name + "\"");
    }
    return value;
  }
}
