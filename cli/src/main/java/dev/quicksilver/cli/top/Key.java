package dev.quicksilver.cli.top;

import java.io.IOException;

/** What a key means. */
enum Key {
  QUIT,
  UP,
  DOWN,
  PAGE_UP,
  PAGE_DOWN,
  FIRST,
  LAST,
  BY_WORST,
  BY_SECONDS,
  BY_ENTRIES,
  BY_NAME,
  ALL_DATABASES,
  /** None that is known, or no key yet. */
  NONE;

  private static final int ESCAPE = 27;
  private static final int CONTROL_C = 3;
  private static final int END_OF_INPUT = -1;

  /** Within so many ms a terminal sends the rest of a key. */
  private static final long REST_MILLIS = 50;

  /** Where characters come from. */
  @FunctionalInterface
  interface Source {
    /** Returns a character, -1 at the end, or -2 if none comes in so many ms. */
    int read(long millis) throws IOException;
  }

  /** Returns the next key; NONE if none comes in so many ms. */
  static Key read(Source from, long millis) throws IOException {
    int c = from.read(millis);
    return switch (c) {
      case 'q', 'Q', CONTROL_C, END_OF_INPUT -> QUIT;
      case 'k' -> UP;
      case 'j' -> DOWN;
      case 'b' -> PAGE_UP;
      case ' ', 'f' -> PAGE_DOWN;
      case 'g' -> FIRST;
      case 'G' -> LAST;
      case 'w' -> BY_WORST;
      case 's' -> BY_SECONDS;
      case 'l' -> BY_ENTRIES;
      case 'n' -> BY_NAME;
      case 'd' -> ALL_DATABASES;
      case ESCAPE -> sequence(from);
      default -> NONE;
    };
  }

  /** ESC [ or ESC O, digits, and what ends it: a letter or a tilde. */
  private static Key sequence(Source from) throws IOException {
    int c = from.read(REST_MILLIS);
    if (c != '[' && c != 'O') {
      return NONE;
    }
    int number = 0;
    c = from.read(REST_MILLIS);
    while (c >= '0' && c <= '9' && number < 100) {
      number = number * 10 + c - '0';
      c = from.read(REST_MILLIS);
    }
    return switch (c) {
      case 'A' -> UP;
      case 'B' -> DOWN;
      case 'H' -> FIRST;
      case 'F' -> LAST;
      case '~' ->
          switch (number) {
            case 1, 7 -> FIRST;
            case 4, 8 -> LAST;
            case 5 -> PAGE_UP;
            case 6 -> PAGE_DOWN;
            default -> NONE;
          };
      default -> NONE;
    };
  }
}
