package dev.quicksilver.loader.write;

import com.github.luben.zstd.ZstdOutputStream;
import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.LongConsumer;
import java.util.zip.GZIPOutputStream;

/** Writes all pairs of a database as a file, in the order of their keys. Stateless. */
public final class Export {
  private static final int BUFFER = 1 << 16;

  /** What the file is packed with. */
  public enum Packing {
    /** Nothing. */
    NONE,
    /** RFC 1952. */
    GZIP,
    /** RFC 8878. */
    ZSTD;

    private OutputStream open(OutputStream to) throws IOException {
      return switch (this) {
        case NONE -> to;
        case GZIP -> new GZIPOutputStream(to, BUFFER);
        case ZSTD -> new ZstdOutputStream(to).setChecksum(true);
      };
    }
  }

  private Export() {}

  /**
   * Writes the pairs of a snapshot.
   *
   * @param to closed at the end
   * @param listener hears now and then how many pairs are written
   * @return how many pairs were written
   * @throws IllegalArgumentException if the format is one of Kyoto's
   * @throws dev.quicksilver.storage.lmdb.StorageException if what is stored is damaged
   */
  public static long run(
      Snapshot snapshot,
      DatabaseIdentity identity,
      Format format,
      Packing packing,
      OutputStream to,
      LongConsumer listener)
      throws IOException {
    long pairs = 0;
    try (OutputStream out = new BufferedOutputStream(packing.open(to), BUFFER);
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      PairWriter writer = writer(identity, format, out);
      writer.begin();
      while (scan.next()) {
        writer.write(
            scan.keyBuffer(),
            scan.keyLength(),
            scan.valueBuffer(),
            scan.valueOffset(),
            scan.valueLength());
        pairs++;
        if (pairs % 10_000 == 0) {
          listener.accept(pairs);
        }
      }
    }
    return pairs;
  }

  private static PairWriter writer(DatabaseIdentity identity, Format format, OutputStream out) {
    boolean textKey = isText(identity.keyType());
    Mapping.Type valueType = Mapping.Type.ofReplicated(identity.valueType());
    boolean textValue = valueType != Mapping.Type.BYTEA;
    return switch (format) {
      case TSV -> new TsvWriter(out, textKey, textValue);
      case CSV -> new CsvWriter(out, textKey, textValue);
      case JSON_LINES ->
          new JsonLinesWriter(out, textKey, textValue, valueType == Mapping.Type.JSON);
      case KYOTO_HEX, KYOTO_PLAIN, KCSS, KTSS -> throw onlyRead(format);
    };
  }

  /**
   * Refuses formats that are only read.
   *
   * @throws IllegalArgumentException if it is one
   */
  public static void requireWritten(Format format) {
    if (format.isKyoto()) {
      throw onlyRead(format);
    }
  }

  private static boolean isText(String type) {
    return Mapping.Type.ofReplicated(type) != Mapping.Type.BYTEA;
  }

  /** The flags of the load that reads what {@link #run} writes, as words of a command line. */
  public static String loadFlags(DatabaseIdentity identity, Format format) {
    String key = isText(identity.keyType()) ? "" : "|base64";
    String value = isText(identity.valueType()) ? "" : "|base64";
    return switch (format) {
      case TSV -> "--format tsv";
      case CSV -> "--format csv --key '{key" + key + "}' --value '{value" + value + "}'";
      case JSON_LINES -> "--format jsonl --key '{key" + key + "}' --value '{value" + value + "}'";
      case KYOTO_HEX, KYOTO_PLAIN, KCSS, KTSS -> throw onlyRead(format);
    };
  }

  private static IllegalArgumentException onlyRead(Format format) {
    return new IllegalArgumentException(
        "the format " + format.word() + " is only read: write tsv, csv or jsonl");
  }
}
