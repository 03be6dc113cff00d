package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.ReadTransaction;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.lmdb.TreeCursor;
import org.jspecify.annotations.Nullable;

/** Reads the records of the {@code meta} tree in a read transaction. Stateless. */
public final class MetaReader {
  private MetaReader() {}

  /** Returns the record of a key; null if there is none. */
  public static byte @Nullable [] record(ReadTransaction transaction, byte[] key) {
    TreeCursor found = transaction.finder();
    return found.find(Tree.META, key, key.length) ? found.data() : null;
  }

  /**
   * Returns where the database stands.
   *
   * @throws StorageException CORRUPT
   */
  public static Head head(ReadTransaction transaction) {
    return decoded(transaction, headRecord(transaction));
  }

  /**
   * Returns the number of live pairs.
   *
   * @throws StorageException CORRUPT
   */
  public static long pairs(ReadTransaction transaction) {
    byte[] head = headRecord(transaction);
    decoded(transaction, head); // checks it
    return MetaFormat.pairs(head);
  }

  private static Head decoded(ReadTransaction transaction, byte[] head) {
    Environment environment = transaction.environment();
    try {
      return MetaFormat.decodeHead(head, environment.path);
    } catch (StorageException e) {
      throw environment.errors.read(e);
    }
  }

  private static byte[] headRecord(ReadTransaction transaction) {
    byte[] head = record(transaction, MetaFormat.HEAD_KEY);
    if (head == null) {
      Environment environment = transaction.environment();
      throw environment.errors.read(
          new StorageException(
              ErrorCode.CORRUPT, "the head record of " + environment.path + " is missing"));
    }
    return head;
  }
}
