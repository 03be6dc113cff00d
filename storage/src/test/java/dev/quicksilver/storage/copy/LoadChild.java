package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.bytes;

import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.util.Arrays;

/** Loads pairs without end into a folder until it is killed: {@code FOLDER BOOT-ID-FILE}. */
final class LoadChild {
  static final int VALUE_BYTES = 300;

  private LoadChild() {}

  static StorageOptions options(Path bootId) {
    return StorageOptions.DEFAULT.withMapSize(4L << 30).withBootId(bootId);
  }

  static byte[] key(long number) {
    return bytes(String.format("key %012d", number));
  }

  static byte[] value(long number) {
    byte[] value = new byte[VALUE_BYTES];
    Arrays.fill(value, (byte) number);
    return value;
  }

  public static void main(String[] arguments) {
    Path folder = Path.of(arguments[0]);
    try (BulkLoad load = BulkLoad.begin(folder, DNS, 1, options(Path.of(arguments[1])))) {
      for (long number = 0; ; number++) {
        load.add(key(number), value(number));
        if (number % 100_000 == 99_999) {
          System.out.println(number + 1); // committed, as the load itself says
        }
      }
    }
  }
}
