package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.BitflipBar.Result;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The process that {@link BitflipBar} lets read a damaged copy: flips, reads all, flips back. */
final class BitflipReader {
  private static final int META_PAGES = 2 * 4_096;

  private BitflipReader() {}

  /** Reads what the process printed; null if it is no result. */
  static @Nullable Result result(String line) {
    for (Result result : Result.values()) {
      if (result.name().equals(line)) {
        return result;
      }
    }
    return null;
  }

  /** Takes folder, seed, first flip, number of flips and the commit that the copy holds. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    long seed = Long.parseLong(arguments[1]);
    int from = Integer.parseInt(arguments[2]);
    int flips = Integer.parseInt(arguments[3]);
    CrashModel model = new CrashModel(seed);
    try (Database database = Database.openReadOnly(folder, CrashModel.OPTIONS);
        FileChannel file =
            FileChannel.open(
                folder.resolve("data.mdb"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      model.follow(Long.parseLong(arguments[4]));
      for (int flip = from; flip < flips; flip++) {
        Random random = new Random((seed + flip) * 0x9E3779B97F4A7C15L); // alike seeds begin alike
        long at = META_PAGES + (long) (random.nextDouble() * (file.size() - META_PAGES));
        int bit = 1 << random.nextInt(8);
        flip(file, at, bit); // the map shows it at once: file and map are the same pages
        Result result = look(database, model);
        if (result.compareTo(Result.WRONG_VALUE) >= 0) {
          System.err.printf(
              "byte %,d of page %,d, bit mask %d: %s%n", at % 4096, at / 4096, bit, result);
        }
        flip(file, at, bit);
        System.out.println(result);
      }
    }
  }

  private static void flip(FileChannel file, long at, int bit) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    file.read(one, at);
    one.put(0, (byte) (one.get(0) ^ bit)).flip();
    file.write(one, at);
  }

  private static Result look(Database database, CrashModel model) {
    Result scanned = model.compareScan(database);
    Result got = model.compareGets(database);
    Result worst = scanned.compareTo(got) > 0 ? scanned : got;
    if (worst != Result.VANISHED) {
      return worst;
    }
    try {
      return Verifier.verify(database, VerifyProgress.NONE).clean()
          ? Result.VANISHED
          : Result.VANISHED_BUT_VERIFY_TELLS;
    } catch (StorageException told) {
      return Result.VANISHED_BUT_VERIFY_TELLS;
    }
  }
}
