package dev.quicksilver.loader.map;

import dev.quicksilver.loader.read.Column;
import dev.quicksilver.loader.read.SourceRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a key and a value of records. Stateless. */
public final class Mapping {
  /** The most bytes of a key. */
  public static final int MAX_KEY = 511;

  /** The most bytes of a value. */
  public static final int MAX_VALUE = 64 << 20;

  /** What a column of a table holds. */
  public enum Type {
    /** Characters. */
    TEXT,
    /** Bytes. */
    BYTEA,
    /** json or jsonb. */
    JSON;

    /** What a replica holds of an SQL type: of all but text and JSON, bytes. */
    public static Type ofReplicated(String sqlName) {
      return switch (sqlName) {
        case "text" -> TEXT;
        case "json", "jsonb" -> JSON;
        default -> BYTEA;
      };
    }
  }

  /** A key and its value. */
  public record Pair(byte[] key, byte[] value) {}

  private final Template key;
  private final Template value;
  private final Type keyType;
  private final Type valueType;
  private final int keyCharacters;

  /** Makes pairs for a database of these types. */
  public Mapping(Template key, Template value, Type keyType, Type valueType) {
    this(key, value, keyType, valueType, MAX_KEY);
  }

  private Mapping(Template key, Template value, Type keyType, Type valueType, int keyCharacters) {
    this.key = key;
    this.value = value;
    this.keyType = keyType;
    this.valueType = valueType;
    this.keyCharacters = keyCharacters;
  }

  /**
   * The same for a key column of so many characters at most: PostgreSQL would cut blanks off a
   * longer key, and so make another one of it.
   */
  public Mapping withKeyCharacters(int most) {
    return new Mapping(key, value, keyType, valueType, most);
  }

  /** What is needed of each record, in the order in which {@link #apply} takes it. */
  public List<Column> columns() {
    List<Column> columns = new ArrayList<>(key.columns());
    columns.addAll(value.columns());
    return columns;
  }

  /**
   * Makes a pair.
   *
   * @param record with the fields that {@link #columns} names
   * @throws Unfit if the record is not well-formed, or a database could not hold the pair
   */
  public Pair apply(SourceRecord record) throws Unfit {
    if (record.problem() != null) {
      throw new Unfit(record.problem());
    }
    List<byte @Nullable []> fields = record.fields();
    byte[] made = require("key", key.apply(fields, 0), keyType);
    if (made.length == 0) {
      throw new Unfit("the key is empty");
    }
    if (made.length > MAX_KEY) {
      throw new Unfit("the key has " + made.length + " bytes; at most " + MAX_KEY + " are allowed");
    }
    if (keyCharacters < made.length && characters(made) > keyCharacters) {
      throw new Unfit(
          "the key has " + characters(made) + " characters; its column has " + keyCharacters);
    }
    byte[] content = require("value", value.apply(fields, key.columns().size()), valueType);
    if (content.length > MAX_VALUE) {
      throw new Unfit("the value has " + content.length + " bytes; at most 64 MiB are allowed");
    }
    return new Pair(made, content);
  }

  private static int characters(byte[] utf8) {
    int count = 0;
    for (byte b : utf8) {
      count += (b & 0xc0) == 0x80 ? 0 : 1;
    }
    return count;
  }

  private static byte[] require(String what, byte @Nullable [] bytes, Type type) throws Unfit {
    if (bytes == null) {
      throw new Unfit("the " + what + " is null or missing");
    }
    if (type != Type.BYTEA) {
      Checks.text(what, bytes);
    }
    if (type == Type.JSON) {
      Checks.json(what, bytes);
    }
    return bytes;
  }
}
