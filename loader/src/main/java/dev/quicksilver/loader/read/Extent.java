package dev.quicksilver.loader.read;

/** Where a record stands in its source, and the record itself as a text that can be read again. */
public sealed interface Extent {
  /** Bytes before it, in the unpacked text as UTF-8. */
  long offset();

  /** Its bytes. */
  long length();

  /** Whether {@link #text} is all of it; of one that is longer than is allowed it is not. */
  boolean isWhole();

  /** Its text, with the end of its last line if it has one. */
  byte[] text();

  /** How many bytes of memory it holds, about. */
  int held();

  /** What tells people where it is: a line's number, or its own. */
  String place();

  /**
   * The lines that make a record.
   *
   * @param line the line on which it begins, 1 is the first
   * @param lastLine the line on which it ends
   * @param text the record itself; its beginning only if it is longer than is allowed
   */
  record OfLines(long line, long lastLine, long offset, long length, byte[] text)
      implements Extent {
    @Override
    public boolean isWhole() {
      return text.length == length;
    }

    @Override
    public int held() {
      return text.length;
    }

    @Override
    public String place() {
      return line == lastLine ? "line " + line : "lines " + line + " to " + lastLine;
    }
  }

  /**
   * A record of a source that is no text. As a text it is a line of {@link Format#KYOTO_HEX}.
   *
   * @param number the record's, 1 is the source's first
   * @param key empty if it is not kept
   * @param value empty if it is not kept
   */
  record OfPair(long number, long offset, long length, byte[] key, byte[] value, boolean isWhole)
      implements Extent {
    private static final String DIGITS = "0123456789ABCDEF";

    /** As {@code list -px} of Kyoto's programs writes it. */
    @Override
    public byte[] text() {
      byte[] line = new byte[hexLength(key) + hexLength(value) + 2];
      int at = writeHex(key, line, 0);
      line[at++] = '\t';
      at = writeHex(value, line, at);
      line[at] = '\n';
      return line;
    }

    private static int hexLength(byte[] bytes) {
      return Math.max(0, Math.multiplyExact(bytes.length, 3) - 1);
    }

    private static int writeHex(byte[] bytes, byte[] line, int from) {
      int at = from;
      for (byte b : bytes) {
        if (at > from) {
          line[at++] = ' ';
        }
        line[at++] = (byte) DIGITS.charAt((b & 0xff) >> 4);
        line[at++] = (byte) DIGITS.charAt(b & 0xf);
      }
      return at;
    }

    @Override
    public int held() {
      return key.length + value.length;
    }

    @Override
    public String place() {
      return "record " + number;
    }
  }
}
