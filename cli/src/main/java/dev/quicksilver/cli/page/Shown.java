package dev.quicksilver.cli.page;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Names, numbers and times as the page shows them. Stateless. */
final class Shown {
  /** Characters of a name, a path or a message; what is longer is cut. */
  static final int LONGEST_NAME = 200;

  private static final String NOT_KNOWN = "not known";
  private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB", "PB"};

  private Shown() {}

  /** Returns a text that has no influence on what stands around it, at most as long as a name. */
  static String name(String text) {
    return cut(text, LONGEST_NAME);
  }

  /**
   * Returns the start of a text, with an ellipsis if something is missing. What cannot be seen
   * (control characters, half a surrogate pair) or turns the direction of what follows is written
   * as {@code \}{@code u202e}.
   *
   * @param longest characters of the text that are kept, at least 1
   */
  static String cut(String text, int longest) {
    return cut(text, longest, false);
  }

  /** The same, but line feeds and tabs stay what they are. */
  static String lines(String text, int longest) {
    return cut(text, longest, true);
  }

  private static String cut(String text, int longest, boolean lines) {
    StringBuilder out = new StringBuilder(Math.min(text.length(), longest) + 8);
    int characters = 0;
    int at = 0;
    while (at < text.length()) {
      if (characters == longest) {
        return out.append('…').toString();
      }
      int character = text.codePointAt(at);
      if (isSeen(character) || (lines && (character == '\n' || character == '\t'))) {
        out.appendCodePoint(character);
      } else {
        out.append(String.format(Locale.ROOT, "\\u%04x", character));
      }
      characters++;
      at += Character.charCount(character);
    }
    return out.toString();
  }

  private static boolean isSeen(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /** Returns a count with its thousands apart; a negative one is not known. */
  static String count(long count) {
    return count < 0 ? NOT_KNOWN : String.format(Locale.ROOT, "%,d", count);
  }

  /** Returns a count and what is counted, as in {@code 1 node}, {@code 2 nodes}. */
  static String count(long count, String one, String more) {
    return count(count) + " " + (count == 1 ? one : more);
  }

  /** Returns bytes in the unit that suits, 1 kB being 1,000 bytes; negative is not known. */
  static String bytes(long bytes) {
    if (bytes < 0) {
      return NOT_KNOWN;
    }
    double number = bytes;
    int unit = 0;
    while (number >= 999.95 && unit < BYTES.length - 1) {
      number /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", number, BYTES[unit]);
  }

  /** Returns whole seconds that have passed; negative is not known. */
  static String seconds(long seconds) {
    return seconds((double) seconds);
  }

  /** Returns a time that has passed; negative is not known. */
  static String seconds(double seconds) {
    if (seconds < 0) {
      return NOT_KNOWN;
    }
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 120) {
      return whole + " s";
    }
    if (whole < 2 * 3600) {
      return String.format(Locale.ROOT, "%d min %d s", whole / 60, whole % 60);
    }
    if (whole < 2 * 86_400) {
      return String.format(Locale.ROOT, "%d h %d min", whole / 3600, whole / 60 % 60);
    }
    return String.format(Locale.ROOT, "%d d %d h", whole / 86_400, whole / 3600 % 24);
  }

  /** Returns a time in UTC, to the second. */
  static String time(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString().replace('T', ' ').replace("Z", " UTC");
  }

  /** Returns a commit time in UTC, given as µs since 1970-01-01; 0 is none. */
  static String commitTime(long micros) {
    return micros == 0 ? "none" : time(Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
  }
}
