package dev.quicksilver.loader.read;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Unpacks what a Kyoto Tycoon's {@code -bgsc zlib} packs: blocks, each of 4 bytes for its length
 * and raw deflate (RFC 1951). Not thread-safe.
 */
final class SnapshotBlocks extends InputStream {
  private static final int SIZE = 1 << 15;

  private final DataInputStream in;
  private final Inflater inflater = new Inflater(true);
  private final byte[] packed = new byte[SIZE];

  /** Bytes of the block that are not read yet. */
  private long left;

  /** Bytes that the inflater got last. */
  private int fed;

  private boolean within;
  private long blocks;

  SnapshotBlocks(InputStream in) {
    this.in = new DataInputStream(in);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      while (within || begin()) {
        int count = inflater.inflate(into, offset, length);
        if (inflater.finished()) {
          end();
        } else if (inflater.needsDictionary()) {
          throw new DataFormatException("a dictionary");
        } else if (count == 0) {
          feed();
        }
        if (count > 0) {
          return count;
        }
      }
      return -1;
    } catch (DataFormatException e) {
      throw new SourceException(
          "block "
              + blocks
              + " cannot be unpacked with zlib: it is damaged, or packed with LZO or LZMA, which"
              + " are not read. Let the server write it with -bgsc zlib, or without -bgsc",
          e);
    } catch (EOFException e) {
      throw new SourceException("it is cut within block " + blocks, e);
    }
  }

  private boolean begin() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    blocks++;
    left =
        (long) first << 24
            | in.readUnsignedByte() << 16
            | in.readUnsignedByte() << 8
            | in.readUnsignedByte();
    inflater.reset();
    within = true;
    return true;
  }

  private void feed() throws IOException, DataFormatException {
    int wanted = (int) Math.min(left, SIZE);
    if (wanted == 0) {
      throw new DataFormatException("it has no end");
    }
    int count = in.read(packed, 0, wanted);
    if (count < 0) {
      throw new EOFException();
    }
    left -= count;
    fed = count;
    inflater.setInput(packed, 0, count);
  }

  private void end() throws IOException, DataFormatException {
    int unused = inflater.getRemaining();
    if (left + unused != 1 || (unused == 1 ? packed[fed - 1] : in.readByte()) != 0) {
      throw new DataFormatException("something follows its end");
    }
    within = false;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
