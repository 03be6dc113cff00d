package dev.quicksilver.edge.resp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * One command with its arguments, as they stand in a buffer; used again for the next one. The
 * command's name is argument 0.
 */
final class Request {
  private static final byte[] END = {'\r', '\n'};

  byte[] buffer = new byte[0];
  private int[] offsets = new int[16];
  private int[] lengths = new int[16];
  private int count;

  void begin(byte[] in) {
    buffer = in;
    count = 0;
  }

  void add(int offset, int length) {
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    offsets[count] = offset;
    lengths[count++] = length;
  }

  int count() {
    return count;
  }

  int offset(int index) {
    return offsets[index];
  }

  int length(int index) {
    return lengths[index];
  }

  byte[] bytes(int index) {
    return Arrays.copyOfRange(buffer, offsets[index], offsets[index] + lengths[index]);
  }

  String text(int index) {
    return new String(buffer, offsets[index], lengths[index], StandardCharsets.UTF_8);
  }

  /** Returns the command as a client would send it. */
  byte[] encoded() {
    var all = new ByteArrayOutputStream();
    begin(all, count);
    for (int i = 0; i < count; i++) {
      add(all, buffer, offsets[i], lengths[i]);
    }
    return all.toByteArray();
  }

  /** Returns a command of some words as a client would send it. */
  static byte[] encoded(List<String> words) {
    var all = new ByteArrayOutputStream();
    begin(all, words.size());
    for (String word : words) {
      byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
      add(all, bytes, 0, bytes.length);
    }
    return all.toByteArray();
  }

  private static void begin(ByteArrayOutputStream all, int words) {
    all.writeBytes(("*" + words + "\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  private static void add(ByteArrayOutputStream all, byte[] bytes, int offset, int length) {
    all.writeBytes(("$" + length + "\r\n").getBytes(StandardCharsets.US_ASCII));
    all.write(bytes, offset, length);
    all.writeBytes(END);
  }

  /** Whether an argument is this word of upper-case letters, in any case. */
  boolean is(int index, String word) {
    if (lengths[index] != word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      int each = buffer[offsets[index] + i];
      if (each >= 'a' && each <= 'z') {
        each -= 'a' - 'A';
      }
      if (each != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns an argument that must be a whole number.
   *
   * @throws RespException if it is none, or out of the range
   */
  long number(int index, long least, long most) {
    try {
      String text = text(index);
      long number = Long.parseLong(text);
      // Redis takes the one spelling that it would write itself: no +1, no 01.
      if (number >= least && number <= most && text.equals(Long.toString(number))) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw RespException.notAnInteger();
    }
    throw RespException.notAnInteger();
  }
}
