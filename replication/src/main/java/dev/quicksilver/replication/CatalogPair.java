package dev.quicksilver.replication;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * A pair of the catalog, the database that lists the databases: the key is a database's name, the
 * value a JSON object with at least the texts {@code id}, {@code key_type} and {@code value_type}.
 * All nodes read it so; what else it holds is for the gateway. Pairs with a colon in their key are
 * of other things ({@code role:} and a name: what a role may read), also of such as a later version
 * adds; they are no databases.
 *
 * @param members the whole object; do not change it
 */
public record CatalogPair(DatabaseIdentity identity, JsonNode members) {
  /** The catalog's own name. */
  static final String CATALOG = DatabaseSet.CATALOG;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Whether a key of the catalog is a database's name, and no other thing's. */
  public static boolean isOfDatabase(byte[] key) {
    for (byte each : key) {
      if (each == ':') {
        return false;
      }
    }
    return true;
  }

  /**
   * Decodes a database's pair.
   *
   * @throws IOException if it is none; the message names the database
   */
  public static CatalogPair decode(byte[] key, byte[] value) throws IOException {
    String name = new String(key, StandardCharsets.UTF_8);
    try {
      JsonNode members = JSON.readTree(value);
      if (!members.isObject()) {
        throw new IOException("not a JSON object");
      }
      return new CatalogPair(
          new DatabaseIdentity(
              UUID.fromString(text(members, "id")),
              name,
              text(members, "key_type"),
              text(members, "value_type")),
          members);
    } catch (IOException | IllegalArgumentException | StorageException e) {
      throw new IOException(
          "the catalog's entry of database \"" + name + "\" cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads which databases a catalog names, without itself.
   *
   * @return by id
   * @throws IOException if an entry cannot be read
   */
  public static Map<UUID, DatabaseIdentity> named(Database catalog) throws IOException {
    Map<UUID, DatabaseIdentity> named = new HashMap<>();
    try (Snapshot snapshot = catalog.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        if (isOfDatabase(scan.key())) {
          DatabaseIdentity identity = decode(scan.key(), scan.value()).identity();
          named.put(identity.id(), identity);
        }
      }
    }
    return named;
  }

  private static String text(JsonNode members, String name) throws IOException {
    JsonNode value = members.path(name);
    if (!value.isTextual()) {
      throw new IOException("no text member \"" + name + "\"");
    }
    return value.asText();
  }
}
