package dev.quicksilver.storage.lmdb;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.TestDatabases;
import java.io.IOException;
import java.nio.file.Path;

/** Another process that has LMDB's write lock, until it is ended or its input ends. */
final class WriterChild {
  private WriterChild() {}

  public static void main(String[] arguments) throws IOException {
    try (Database database = Database.open(Path.of(arguments[0]), TestDatabases.FAST);
        Appender appender = database.append()) {
      TestDatabases.transaction(appender, 1_000, "a=never");
      System.out.print('.');
      System.out.flush();
      while (System.in.read() >= 0) {
        // goes on holding it
      }
    }
  }
}
