package dev.quicksilver.benchmarks;

import com.github.luben.zstd.ZstdOutputStream;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Expiry;
import dev.quicksilver.loader.read.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A file that a load cannot take as it is, and what has to become of it.
 *
 * @param what is wrong with it
 * @param loaded how many pairs it has; -1 if that is not known
 * @param rejected how many of its records are to be rejected; -1 if that is not known
 * @param error a part of the message that must end the load, or null
 */
record BadFile(
    String what,
    byte[] content,
    Format format,
    Dialect dialect,
    long loaded,
    long rejected,
    @Nullable String error) {
  /** The most bytes of a record that these loads allow. */
  static final int MAX_RECORD = 20_000;

  /** How many rejects these loads allow. */
  static final int MAX_REJECTS = 5_000;

  private static final int BOMB = 64 << 20;
  private static final HexFormat HEX = HexFormat.ofDelimiter(" ").withUpperCase();
  private static final List<Format> TEXTS = List.of(Format.TSV, Format.CSV, Format.JSON_LINES);
  private static final List<Format> LINES =
      List.of(Format.TSV, Format.CSV, Format.JSON_LINES, Format.KYOTO_HEX, Format.KYOTO_PLAIN);

  /** Makes one. */
  static BadFile of(Random random) throws IOException {
    return switch (random.nextInt(22)) {
      case 0 -> empty(random);
      case 1 -> noise(random);
      case 2, 3 -> cut(random);
      case 4 -> flipped(random);
      case 5 -> unclosed(random);
      case 6 -> random.nextInt(10) == 0 ? bomb(random) : utf16(random);
      case 7 -> utf16(random);
      case 8, 9 -> packed(random, snapshot(random));
      default -> packed(random, new Writer(random, LINES, true).file());
    };
  }

  private static BadFile empty(Random random) {
    boolean header = random.nextBoolean();
    return new BadFile(
        "empty",
        new byte[0],
        Format.CSV,
        Dialect.DEFAULT.withHeader(header),
        0,
        0,
        header ? "it is empty" : null);
  }

  private static BadFile noise(Random random) {
    byte[] bytes = new byte[random.nextInt(3_000)];
    random.nextBytes(bytes);
    for (int i = 0; i < bytes.length; i++) {
      if (random.nextInt(4) == 0) {
        bytes[i] = (byte) "\n\r\t,\"{}\\#!".charAt(random.nextInt(10));
      }
    }
    Format format = LINES.get(random.nextInt(LINES.size()));
    // Else one of many looks as if it had expiration times, and the load asks.
    Dialect dialect = Dialect.DEFAULT.withExpiry(new Expiry.None());
    return new BadFile("noise", bytes, format, dialect, -1, -1, null);
  }

  private static BadFile cut(Random random) throws IOException {
    BadFile whole = new Writer(random, LINES, false).file();
    byte[] packed = pack(whole.content, random.nextBoolean());
    byte[] less = Arrays.copyOf(packed, 5 + random.nextInt(packed.length - 5));
    return new BadFile("cut", less, whole.format, whole.dialect, -1, 0, "cut or damaged");
  }

  private static BadFile flipped(Random random) throws IOException {
    BadFile whole = new Writer(random, LINES, false).file();
    byte[] packed = pack(whole.content, true);
    packed[packed.length - 1 - random.nextInt(8)] ^= (byte) (1 << random.nextInt(8));
    return new BadFile("wrong sum", packed, whole.format, whole.dialect, -1, 0, "cut or damaged");
  }

  private static BadFile unclosed(Random random) {
    int before = 1 + random.nextInt(20);
    int after = random.nextInt(100);
    var text = new StringBuilder();
    for (int i = 0; i < before; i++) {
      text.append("k").append(i).append(",\"v\"\n");
    }
    text.append("x,\"not closed\n");
    for (int i = 0; i < after; i++) {
      text.append("y").append(i).append(",v\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    return new BadFile("unclosed quote", bytes, Format.CSV, Dialect.DEFAULT, before, 1, null);
  }

  private static BadFile bomb(Random random) throws IOException {
    boolean lines = random.nextBoolean();
    byte[] piece = new byte[1 << 16];
    Arrays.fill(piece, (byte) (lines ? '\n' : 'x'));
    var bytes = new ByteArrayOutputStream();
    try (OutputStream out = packing(bytes, random.nextBoolean())) {
      for (int i = 0; i < BOMB; i += piece.length) {
        out.write(piece);
      }
    }
    return new BadFile(
        lines ? "bomb of lines" : "bomb of a line",
        bytes.toByteArray(),
        Format.TSV,
        Dialect.DEFAULT,
        0,
        lines ? -1 : 1,
        null);
  }

  private static BadFile utf16(Random random) {
    BadFile plain = new Writer(random, TEXTS, false).file();
    String text = "\ufeff" + new String(plain.content, StandardCharsets.UTF_8);
    byte[] bytes =
        text.getBytes(random.nextBoolean() ? StandardCharsets.UTF_16LE : StandardCharsets.UTF_16BE);
    if (random.nextBoolean()) { // the last character is half
      return new BadFile(
          "half a character",
          Arrays.copyOf(bytes, bytes.length - 1),
          plain.format,
          plain.dialect,
          -1,
          -1,
          null);
    }
    return new BadFile(
        "UTF-16", bytes, plain.format, plain.dialect, plain.loaded, plain.rejected, null);
  }

  /** A snapshot of a Kyoto Cabinet with flawed records, one that is cut, or a damaged one. */
  private static BadFile snapshot(Random random) {
    var out = new ByteArrayOutputStream();
    out.writeBytes("KCSS\n\0".getBytes(StandardCharsets.US_ASCII));
    int records = 1 + random.nextInt(60);
    int damaged = random.nextInt(3) == 0 ? random.nextInt(records) : -1;
    int rejected = 0;
    for (int i = 0; i < records; i++) {
      byte[] key = ("k" + i).getBytes(StandardCharsets.US_ASCII);
      byte[] value = ("v" + random.nextInt()).getBytes(StandardCharsets.US_ASCII);
      int flaw = i == 0 ? 0 : random.nextInt(12);
      rejected += flaw >= 1 && flaw <= 6 ? 1 : 0;
      switch (flaw) {
        case 1 -> key = new byte[0];
        case 2 -> key = new byte[512];
        case 3 -> key = new byte[] {'k', '0'};
        case 4 -> value = new byte[MAX_RECORD];
        case 5 -> value[0] = 0;
        case 6 -> value[0] = (byte) 0xff;
        default -> {
          // a good one
        }
      }
      out.write(i == damaged ? 1 + random.nextInt(254) : 0);
      writeLength(out, key.length);
      writeLength(out, value.length);
      out.writeBytes(key);
      out.writeBytes(value);
    }
    out.write(0xff);
    byte[] bytes = out.toByteArray();
    if (damaged >= 0) {
      return ofSnapshot("damaged snapshot", bytes, -1, -1, "it is damaged");
    }
    if (random.nextInt(3) == 0) {
      byte[] cut = Arrays.copyOf(bytes, 6 + random.nextInt(bytes.length - 6));
      return ofSnapshot("cut snapshot", cut, -1, -1, "it is cut");
    }
    return ofSnapshot("records of a snapshot", bytes, records - rejected, rejected, null);
  }

  private static BadFile ofSnapshot(
      String what, byte[] bytes, long loaded, long rejected, @Nullable String error) {
    return new BadFile(what, bytes, Format.KCSS, Dialect.DEFAULT, loaded, rejected, error);
  }

  /** Seven bits to a byte, the highest first. */
  private static void writeLength(ByteArrayOutputStream out, int length) {
    if (length >= 1 << 14) {
      out.write(length >> 14 | 0x80);
    }
    if (length >= 1 << 7) {
      out.write(length >> 7 | 0x80);
    }
    out.write(length & 0x7f);
  }

  private static BadFile packed(Random random, BadFile plain) throws IOException {
    if (random.nextInt(3) > 0) {
      return plain;
    }
    return new BadFile(
        plain.what,
        pack(plain.content, random.nextBoolean()),
        plain.format,
        plain.dialect,
        plain.loaded,
        plain.rejected,
        plain.error);
  }

  private static byte[] pack(byte[] content, boolean gzip) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (OutputStream out = packing(bytes, gzip)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  private static OutputStream packing(OutputStream to, boolean gzip) throws IOException {
    return gzip ? new GZIPOutputStream(to) : new ZstdOutputStream(to);
  }

  /** Writes records, each good or bad in one way; the first is good. */
  private static final class Writer {
    private final Random random;
    private final boolean flaws;
    private final Format format;
    private final boolean crlf;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private long loaded;
    private long rejected;

    Writer(Random random, List<Format> formats, boolean flaws) {
      this.random = random;
      this.flaws = flaws;
      format = formats.get(random.nextInt(formats.size()));
      crlf = random.nextInt(3) == 0;
    }

    BadFile file() {
      int records = 1 + random.nextInt(60);
      for (int i = 0; i < records; i++) {
        int flaw = i == 0 || !flaws ? 0 : random.nextInt(14);
        boolean bad = record(i, flaw);
        rejected += bad ? 1 : 0;
        loaded += bad ? 0 : 1;
        boolean last = i == records - 1;
        boolean open = last && !format.isKyoto() && random.nextBoolean();
        write(open ? "" : crlf ? "\r\n" : "\n");
      }
      return new BadFile(
          "records of " + format.word(),
          out.toByteArray(),
          format,
          Dialect.DEFAULT,
          loaded,
          rejected,
          null);
    }

    /** Writes a record; returns whether it is to be rejected. */
    private boolean record(int i, int flaw) {
      String key = "k" + i;
      switch (flaw) {
        case 1 -> pair("", "v");
        case 2 -> pair("x".repeat(512), "v");
        case 3 -> pair("k0", "again");
        case 4 -> pair(key, "x".repeat(MAX_RECORD));
        case 5 -> {
          write(
              switch (format) {
                case TSV -> key;
                case CSV -> key + ",v,more";
                case JSON_LINES -> "{\"key\": \"" + key + "\"}";
                case KYOTO_HEX -> hex(key);
                case KYOTO_PLAIN -> key + "\tv\tmore";
                case KCSS, KTSS -> throw noText(format);
              });
        }
        case 6 -> {
          write(
              switch (format) {
                case TSV -> key + "\t\\N";
                case CSV -> "\"" + key + "\"x,v";
                case JSON_LINES -> "{\"key\": null, \"value\": \"v\"}";
                case KYOTO_HEX -> hex(key) + "\t76\t1780000000";
                case KYOTO_PLAIN -> key;
                case KCSS, KTSS -> throw noText(format);
              });
        }
        case 7 -> {
          pair(key, format == Format.JSON_LINES ? "\\u0000" : "\u0000");
        }
        case 8 -> {
          int value = out.size();
          pair(key, "v?v");
          byte[] bytes = out.toByteArray();
          out.reset();
          for (int at = 0; at < bytes.length; at++) {
            boolean wrong = at >= value && bytes[at] == '?';
            if (wrong && format == Format.KYOTO_HEX) {
              write("FF");
            } else {
              out.write(wrong ? 0xff : bytes[at]);
            }
          }
        }
        case 9 -> {
          if (format == Format.JSON_LINES) {
            write("{\"key\": \"" + key + "\", \"value\": \"v\"");
          } else if (format == Format.TSV) {
            write(key + "\tv\\");
          } else if (format == Format.KYOTO_HEX) {
            write(hex(key) + "\t7");
          } else if (format == Format.KYOTO_PLAIN) {
            write("\t\t");
          } else {
            write(key + ",v\rw");
          }
        }
        default -> {
          pair(key, "v" + random.nextInt());
          return false;
        }
      }
      return true;
    }

    private void pair(String key, String value) {
      write(
          switch (format) {
            case TSV -> key + "\t" + value;
            case CSV ->
                random.nextBoolean() ? key + "," + value : "\"" + key + "\",\"" + value + "\"";
            case JSON_LINES -> "{\"key\": \"" + key + "\", \"value\": \"" + value + "\"}";
            case KYOTO_HEX -> hex(key) + "\t" + hex(value);
            case KYOTO_PLAIN -> key + "\t" + value;
            case KCSS, KTSS -> throw noText(format);
          });
    }

    /** As Kyoto's programs print it, but for the question mark, which stands for something. */
    private static String hex(String text) {
      return HEX.formatHex(text.getBytes(StandardCharsets.UTF_8)).replace("3F", "?");
    }

    private static AssertionError noText(Format format) {
      return new AssertionError(format + " has no lines");
    }

    private void write(String text) {
      out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
