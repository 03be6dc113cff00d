package dev.quicksilver.loader.read;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** Unpacks gzip (RFC 1952) and zstd (RFC 8878), which are told by their first bytes. */
final class Unpacked extends FilterInputStream {
  private static final int BUFFER = 1 << 16;

  private final String packing;
  private long count;

  private Unpacked(InputStream in, String packing) {
    super(in);
    this.packing = packing;
  }

  static InputStream open(InputStream content) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(content, BUFFER);
    buffered.mark(4);
    byte[] magic = buffered.readNBytes(4);
    buffered.reset();
    if (magic.length >= 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b) {
      return new Unpacked(
          start(
              "gzip",
              () ->
                  GzipCompressorInputStream.builder()
                      .setInputStream(buffered)
                      .setDecompressConcatenated(true)
                      .get()),
          "gzip");
    }
    if (magic.length == 4 && isZstd(magic)) {
      return new Unpacked(start("zstd", () -> new ZstdInputStream(buffered)), "zstd");
    }
    return buffered;
  }

  /** A frame's magic number, or that of a frame to be skipped. */
  private static boolean isZstd(byte[] magic) {
    int number =
        (magic[0] & 0xff)
            | (magic[1] & 0xff) << 8
            | (magic[2] & 0xff) << 16
            | (magic[3] & 0xff) << 24;
    return number == 0xfd2fb528 || (number & 0xfffffff0) == 0x184d2a50;
  }

  private interface Opening {
    InputStream open() throws IOException;
  }

  private static InputStream start(String packing, Opening opening) throws IOException {
    try {
      return opening.open();
    } catch (IOException e) {
      throw new SourceException(
          "its "
              + packing
              + " data is cut or damaged at its start"
              + (e.getMessage() == null ? "" : " (" + e.getMessage() + ")"),
          e);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    try {
      int n = super.read(into, offset, length);
      count += Math.max(n, 0);
      return n;
    } catch (IOException e) {
      throw new SourceException(
          "its "
              + packing
              + " data is cut or damaged: what follows its first "
              + count
              + " unpacked bytes cannot be read ("
              + e.getMessage()
              + ")",
          e);
    }
  }
}
