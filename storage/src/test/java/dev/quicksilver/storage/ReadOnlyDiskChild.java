package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.text;

import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Path;

/** Opens a database on a disk that is mounted read-only. */
final class ReadOnlyDiskChild {
  private ReadOnlyDiskChild() {}

  /** Takes the folder of the database, whose key {@code a} has the value {@code 1}. */
  public static void main(String[] arguments) {
    Path folder = Path.of(arguments[0]);
    try (Database database = Database.openReadOnly(folder, FAST);
        Snapshot snapshot = database.snapshot()) {
      System.out.println("read " + text(snapshot.get(bytes("a")).value()));
    }
    try {
      Database.open(folder, FAST).close();
    } catch (StorageException e) {
      System.out.println("refused " + e.code() + " " + e.getMessage());
    }
  }
}
