package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;

import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Runs on a small disk of its own: fills it while it writes, then makes room and writes on. */
final class FullDiskChild {
  private FullDiskChild() {}

  /** Takes a folder on the small disk. */
  public static void main(String[] arguments) throws IOException {
    Path disk = Path.of(arguments[0]);
    StorageOptions options =
        new StorageOptions(
            1L << 30,
            64,
            true,
            Duration.ofDays(100_000),
            1L << 30,
            FAST.maxSnapshotAge(),
            FAST.clock(),
            FAST.bootId());
    Path ballast = disk.resolve("ballast");
    Files.write(ballast, new byte[8 << 20]);
    try (Database database = Database.create(disk.resolve("dns"), DNS, options);
        Snapshot reader = database.snapshot()) {
      Head acknowledged = fill(database);
      require(database.head().equals(acknowledged), "the head is the last one acknowledged");
      require(reader.head().lastSequence() == 0, "the reader stays where it was");
      Verifier.verify(database, VerifyProgress.NONE).requireClean();
      refusesToOpenWithoutRoom(disk, options);
      Files.delete(ballast);
      Head after = write(database, (int) acknowledged.lastSequence());
      require(after.lastSequence() == acknowledged.lastSequence() + 1, "writing goes on");
      require(
          Verifier.verify(database, VerifyProgress.NONE).requireClean().pairs()
              == after.lastSequence(),
          "every acknowledged pair is there");
    }
    System.out.println("written on after a full disk");
  }

  private static Head fill(Database database) {
    Head acknowledged = database.head();
    try {
      for (int i = 0; ; i++) {
        acknowledged = write(database, i);
      }
    } catch (StorageException e) {
      require(e.code() == ErrorCode.NO_SPACE, "NO_SPACE, not " + e);
      require(e.getMessage().contains("is full"), e.getMessage());
    }
    return acknowledged;
  }

  private static Head write(Database database, int number) {
    byte[] value = new byte[300_000];
    new java.util.Random(number).nextBytes(value);
    try (Appender appender = database.append()) {
      appender.begin(number + 1, number + 1);
      appender.set(bytes("key " + number), value);
      appender.end(at(number + 1));
      return appender.commit();
    }
  }

  private static void refusesToOpenWithoutRoom(Path disk, StorageOptions options)
      throws IOException {
    Path filler = disk.resolve("filler");
    try (var out = Files.newOutputStream(filler)) {
      for (; ; ) {
        out.write(new byte[512]);
      }
    } catch (IOException full) {
      System.out.println("the disk is full to the last byte: " + full.getMessage());
    }
    try {
      Database.create(disk.resolve("other"), DNS, options).close();
      throw new AssertionError("a database was made on a full disk");
    } catch (StorageException e) {
      System.out.println("refused: " + e.getMessage());
    }
    Files.delete(filler);
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }
}
