package dev.quicksilver.edge.resp;

import java.io.ByteArrayOutputStream;

/**
 * Finds the commands in what a client has sent: arrays of bulk strings, or lines of words (the
 * protocol's "inline commands"). Stateless between calls: a command that is not complete is looked
 * at again when more has come, which its bounded size keeps cheap. One thread at a time.
 */
final class RequestParser {
  /** The most bytes of one command: more than a thousand of the longest keys. */
  static final int MAX_REQUEST = 1 << 20;

  private static final int MAX_INLINE = 64 << 10;
  private static final int MAX_UNKNOWN_ARGUMENTS = 10;
  private static final int MAX_UNKNOWN_BULK = 16 << 10;

  private int at;
  private int end;
  private byte[] in = new byte[0];

  /**
   * Reads one command.
   *
   * @param known whether the client has said who it is; others may send little
   * @return the number of bytes that it took; 0 if it is not complete yet. A command without words
   *     is none: {@code into} has no arguments then
   * @throws RespException.Protocol if this is no RESP
   */
  int parse(byte[] buffer, int from, int to, boolean known, Request into) {
    in = buffer;
    at = from;
    end = to;
    into.begin(buffer);
    if (at == end) {
      return 0;
    }
    boolean complete = in[at] == '*' ? array(known, into) : inline(into);
    if (!complete) {
      if (to - from >= MAX_REQUEST) {
        throw new RespException.Protocol("a command has at most " + MAX_REQUEST + " bytes");
      }
      return 0;
    }
    return at - from;
  }

  private boolean array(boolean known, Request into) {
    at++;
    long count = line("multibulk");
    if (count == INCOMPLETE) {
      return false;
    }
    if (count > MAX_REQUEST) {
      throw new RespException.Protocol("invalid multibulk length");
    }
    if (!known && count > MAX_UNKNOWN_ARGUMENTS) {
      throw new RespException.Protocol("unauthenticated multibulk length");
    }
    for (long i = 0; i < count; i++) {
      if (at == end) {
        return false;
      }
      if (in[at] != '$') {
        throw new RespException.Protocol("expected '$', got '" + printable(in[at]) + "'");
      }
      at++;
      long length = line("bulk");
      if (length == INCOMPLETE) {
        return false;
      }
      if (length < 0 || length > MAX_REQUEST) {
        throw new RespException.Protocol("invalid bulk length");
      }
      if (!known && length > MAX_UNKNOWN_BULK) {
        throw new RespException.Protocol("unauthenticated bulk length");
      }
      if (end - at < length + 2) {
        return false;
      }
      into.add(at, (int) length);
      at += (int) length + 2;
    }
    return true;
  }

  private static final long INCOMPLETE = Long.MIN_VALUE;

  /** Reads a number and the end of its line. */
  private long line(String what) {
    int start = at;
    boolean negative = at < end && in[at] == '-';
    if (negative) {
      at++;
    }
    long number = 0;
    while (at < end && in[at] != '\r') {
      int digit = in[at] - '0';
      if (digit < 0 || digit > 9 || at - start > 10) {
        throw new RespException.Protocol("invalid " + what + " length");
      }
      number = number * 10 + digit;
      at++;
    }
    if (end - at < 2) {
      return INCOMPLETE;
    }
    if (at == start + (negative ? 1 : 0)) {
      throw new RespException.Protocol("invalid " + what + " length");
    }
    at += 2;
    return negative ? -number : number;
  }

  private static String printable(byte each) {
    return each >= ' ' && each < 127
        ? String.valueOf((char) each)
        : String.format(java.util.Locale.ROOT, "\\x%02x", each);
  }

  // ---- words of a line

  private boolean inline(Request into) {
    int stop = at;
    while (stop < end && in[stop] != '\n') {
      stop++;
    }
    if (stop == end) {
      if (stop - at > MAX_INLINE) {
        throw new RespException.Protocol("too big inline request");
      }
      return false;
    }
    int last = stop > at && in[stop - 1] == '\r' ? stop - 1 : stop;
    words(last, into);
    at = stop + 1;
    return true;
  }

  /** Words may stand in quotes; what they mean is put together in a buffer of its own. */
  private void words(int last, Request into) {
    var unquoted = new ByteArrayOutputStream();
    int[] ends = new int[16];
    int words = 0;
    while (true) {
      while (at < last && isSpace(in[at])) {
        at++;
      }
      if (at >= last) {
        break;
      }
      word(last, unquoted);
      if (words == ends.length) {
        ends = java.util.Arrays.copyOf(ends, words * 2);
      }
      ends[words++] = unquoted.size();
    }
    into.begin(unquoted.toByteArray());
    for (int i = 0; i < words; i++) {
      int from = i == 0 ? 0 : ends[i - 1];
      into.add(from, ends[i] - from);
    }
  }

  private void word(int last, ByteArrayOutputStream to) {
    while (at < last && !isSpace(in[at])) {
      byte each = in[at++];
      if (each == '"' || each == '\'') {
        quoted(each, last, to);
      } else {
        to.write(each);
      }
    }
  }

  private void quoted(byte quote, int last, ByteArrayOutputStream to) {
    while (at < last && in[at] != quote) {
      byte each = in[at++];
      if (each == '\\' && at < last && quote == '"') {
        escaped(last, to);
      } else if (each == '\\' && at < last && in[at] == '\'') {
        to.write(in[at++]);
      } else {
        to.write(each);
      }
    }
    if (at == last || (at + 1 < last && !isSpace(in[at + 1]))) {
      throw new RespException.Protocol("unbalanced quotes in request");
    }
    at++;
  }

  private void escaped(int last, ByteArrayOutputStream to) {
    byte each = in[at++];
    if (each == 'x' && at + 1 < last) {
      int high = Character.digit(in[at], 16);
      int low = Character.digit(in[at + 1], 16);
      if (high >= 0 && low >= 0) {
        at += 2;
        to.write(high << 4 | low);
        return;
      }
    }
    switch (each) {
      case 'n' -> to.write('\n');
      case 'r' -> to.write('\r');
      case 't' -> to.write('\t');
      case 'b' -> to.write('\b');
      case 'a' -> to.write(7);
      default -> to.write(each);
    }
  }

  private static boolean isSpace(byte each) {
    return each == ' ' || (each >= '\t' && each <= '\r') || each == 0;
  }
}
