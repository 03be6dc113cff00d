package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens a database as another process, {@code FOLDER MAP-SIZE}, and obeys the bytes of standard
 * input: {@code t} takes a snapshot, {@code r} renews it, {@code c} closes it, {@code f} takes all
 * that can be had. Answers each, and the start, with a byte.
 */
public final class ReaderChild {
  private ReaderChild() {}

  public static void main(String[] arguments) throws IOException {
    StorageOptions options = TestDatabases.FAST.withMapSize(Long.parseLong(arguments[1]));
    try (Database database = Database.openReadOnly(Path.of(arguments[0]), options)) {
      Snapshot snapshot = database.snapshot();
      snapshot.close();
      answer();
      for (int command = System.in.read(); command >= 0; command = System.in.read()) {
        switch (command) {
          case 't' -> snapshot = database.snapshot();
          case 'r' -> snapshot.renew();
          case 'c' -> snapshot.close();
          case 'f' -> takeAll(database);
          default -> throw new IllegalArgumentException("command " + command);
        }
        answer();
      }
    }
  }

  /** Takes snapshots until there is no slot any more, and leaves them open. */
  private static void takeAll(Database database) {
    List<Snapshot> taken = new ArrayList<>();
    try {
      while (true) {
        taken.add(database.snapshot());
      }
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NO_SPACE) {
        throw e;
      }
    }
  }

  private static void answer() {
    System.out.print('.');
    System.out.flush();
  }
}
