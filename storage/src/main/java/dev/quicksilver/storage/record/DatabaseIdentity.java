package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What makes a database this database. Ids are given out by the central PostgreSQL and never
 * change.
 *
 * @param name 1 to 48 characters of {@code a-z 0-9 _}, beginning with a letter
 * @param keyType name of the SQL type of the key, as in {@code text}
 * @param valueType name of the SQL type of the value, as in {@code jsonb}
 */
public record DatabaseIdentity(UUID id, String name, String keyType, String valueType) {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,47}");

  public DatabaseIdentity {
    requireName(name);
  }

  /**
   * Refuses a name that is not one, with INVALID_ARGUMENT. Names become folders: this keeps them
   * tame.
   */
  public static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "\""
              + name
              + "\" is not a database name; use 1 to 48 of a-z, 0-9 and _, beginning with a"
              + " letter");
    }
  }
}
