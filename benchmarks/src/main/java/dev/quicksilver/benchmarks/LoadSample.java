package dev.quicksilver.benchmarks;

import com.github.luben.zstd.ZstdOutputStream;
import dev.quicksilver.loader.read.Digests;
import dev.quicksilver.storage.record.ContentDigest;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * Pairs in a TSV file, and the same file packed. The keys ascend, as those of a file do that was
 * written by a sorted store or by {@code ./quicksilver export}: COPY is fastest then. The values
 * are random hexadecimal digits, of which gzip leaves somewhat more than half.
 *
 * @param pairs how many
 * @param lastKey the key of the last one
 * @param digest of a database that holds them
 */
record LoadSample(
    Path plain, Path gzip, Path zstd, long pairs, String lastKey, ContentDigest digest) {
  static final int KEY = 30;
  static final int VALUE = 100;

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  /** Writes the three files into a folder. */
  static LoadSample write(Path folder, long pairs, Random random) throws IOException {
    Path plain = folder.resolve("pairs.tsv");
    String key = "";
    long high = 0;
    long low = 0;
    MessageDigest sha256 = Digests.sha256();
    byte[] line = new byte[KEY + VALUE + 2];
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(plain), 1 << 16)) {
      for (long i = 0; i < pairs; i++) {
        key = key(i);
        System.arraycopy(key.getBytes(StandardCharsets.US_ASCII), 0, line, 0, KEY);
        line[KEY] = '\t';
        fill(line, KEY + 1, random);
        line[line.length - 1] = '\n';
        out.write(line);
        sha256.update(new byte[] {0, KEY});
        sha256.update(line, 0, KEY);
        sha256.update(line, KEY + 1, VALUE);
        ByteBuffer hash = ByteBuffer.wrap(sha256.digest());
        high += hash.getLong(0);
        long sum = low + hash.getLong(8);
        high += Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
        low = sum;
      }
    }
    Path gzip = folder.resolve("pairs.tsv.gz");
    Path zstd = folder.resolve("pairs.tsv.zst");
    try (InputStream in = Files.newInputStream(plain);
        OutputStream toGzip = new GZIPOutputStream(Files.newOutputStream(gzip), 1 << 16);
        OutputStream toZstd = new ZstdOutputStream(Files.newOutputStream(zstd))) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        toGzip.write(buffer, 0, n);
        toZstd.write(buffer, 0, n);
      }
    }
    return new LoadSample(plain, gzip, zstd, pairs, key, new ContentDigest(high, low));
  }

  private static String key(long number) {
    String digits = Long.toString(number);
    String key = "host-" + "0".repeat(KEY - 17 - digits.length()) + digits + ".example.com";
    if (key.length() != KEY) {
      throw new AssertionError(key);
    }
    return key;
  }

  private static void fill(byte[] line, int from, Random random) {
    long bits = 0;
    for (int i = 0; i < VALUE; i++) {
      if (i % 16 == 0) {
        bits = random.nextLong();
      }
      line[from + i] = HEX[(int) (bits & 15)];
      bits >>>= 4;
    }
  }

  /** Bytes of each file, in a line. */
  String sizes() throws IOException {
    return String.format(
        "%,d pairs of %d + %d bytes in %,d MiB, with gzip %,d MiB, with zstd %,d MiB",
        pairs, KEY, VALUE, mib(plain), mib(gzip), mib(zstd));
  }

  private static long mib(Path file) throws IOException {
    return Files.size(file) >> 20;
  }

  void delete() throws IOException {
    for (Path file : Arrays.asList(plain, gzip, zstd)) {
      Files.delete(file);
    }
  }
}
