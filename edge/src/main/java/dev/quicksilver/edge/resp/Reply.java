package dev.quicksilver.edge.resp;

import dev.quicksilver.storage.record.PairBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Replies, one after the other, in the form of the protocol's version that a client speaks (the
 * RESP3 specification; RESP2 has arrays where that has maps and pushes). One thread at a time.
 */
final class Reply {
  private static final int USUAL = 16 << 10;
  private static final int LARGE = 1 << 20;
  private static final int LONGEST_NUMBER = 20;

  private byte[] bytes = new byte[USUAL];
  private int length;
  private boolean third;

  /** Writes the next replies in version 2 or 3 of the protocol. */
  void protocol(int version) {
    third = version == 3;
  }

  boolean isThird() {
    return third;
  }

  int length() {
    return length;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Takes back what was written since the length was this one. */
  void cutTo(int before) {
    length = before;
  }

  /** Begins anew, with a buffer of the usual size. */
  void clear() {
    length = 0;
    if (bytes.length > 16 * USUAL) {
      bytes = new byte[USUAL];
    }
  }

  /** Hands over the array that what was written stands in, and begins anew with another one. */
  byte[] take() {
    byte[] taken = bytes;
    bytes = new byte[USUAL];
    length = 0;
    return taken;
  }

  private void room(int more) {
    if (bytes.length - length < more) {
      long least = (long) length + more;
      long grown = (long) bytes.length + (bytes.length >> (bytes.length > LARGE ? 2 : 0));
      bytes = Arrays.copyOf(bytes, Math.toIntExact(Math.max(least, grown)));
    }
  }

  private void put(char kind) {
    bytes[length++] = (byte) kind;
  }

  private void line() {
    bytes[length++] = '\r';
    bytes[length++] = '\n';
  }

  private void ascii(String text) {
    for (int i = 0; i < text.length(); i++) {
      bytes[length++] = (byte) text.charAt(i);
    }
  }

  private void head(char kind, long number) {
    room(LONGEST_NUMBER + 3);
    put(kind);
    digits(number);
    line();
  }

  private void digits(long number) {
    if (number < 0) {
      ascii(Long.toString(number));
      return;
    }
    int from = length;
    long rest = number;
    do {
      bytes[length++] = (byte) ('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    for (int i = from, j = length - 1; i < j; i++, j--) {
      byte swapped = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = swapped;
    }
  }

  /** Text of a line of ASCII. */
  void simple(String text) {
    room(text.length() + 3);
    put('+');
    ascii(text);
    line();
  }

  /** An error; line ends in it become spaces. */
  void error(String text) {
    byte[] said = text.getBytes(StandardCharsets.UTF_8);
    room(said.length + 3);
    put('-');
    for (byte each : said) {
      bytes[length++] = each == '\r' || each == '\n' ? (byte) ' ' : each;
    }
    line();
  }

  void integer(long number) {
    head(':', number);
  }

  void bulk(byte[] from, int offset, int size) {
    room(size + LONGEST_NUMBER + 5);
    head('$', size);
    System.arraycopy(from, offset, bytes, length, size);
    length += size;
    line();
  }

  void bulk(byte[] whole) {
    bulk(whole, 0, whole.length);
  }

  void bulk(String text) {
    bulk(text.getBytes(StandardCharsets.UTF_8));
  }

  void value(PairBuffer pair) {
    bulk(pair.valueBuffer(), pair.valueOffset(), pair.valueLength());
  }

  /** Text for people: of its own kind in version 3. */
  void text(String text) {
    if (!third) {
      bulk(text);
      return;
    }
    byte[] said = text.getBytes(StandardCharsets.UTF_8);
    room(said.length + LONGEST_NUMBER + 9);
    head('=', said.length + 4);
    ascii("txt:");
    System.arraycopy(said, 0, bytes, length, said.length);
    length += said.length;
    line();
  }

  /** Nothing, where a value could be. */
  void nil() {
    room(5);
    ascii(third ? "_\r\n" : "$-1\r\n");
  }

  /** Nothing, where an array could be. */
  void nilArray() {
    room(5);
    ascii(third ? "_\r\n" : "*-1\r\n");
  }

  /** So many replies follow. */
  void array(int size) {
    head('*', size);
  }

  /** So many keys follow, each with its value. */
  void map(int pairs) {
    head(third ? '%' : '*', third ? pairs : 2L * pairs);
  }

  /** So many different replies follow. */
  void set(int size) {
    head(third ? '~' : '*', size);
  }

  /** So many replies follow that were not asked for just now. */
  void push(int size) {
    head(third ? '>' : '*', size);
  }
}
