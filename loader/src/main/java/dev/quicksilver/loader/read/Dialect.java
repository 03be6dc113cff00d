package dev.quicksilver.loader.read;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What differs among sources of one format.
 *
 * @param header whether the first line names the columns
 * @param delimiter of CSV: stands between columns
 * @param quote of CSV: stands around columns
 * @param escape of CSV: takes the meaning from what follows it, beside doubled quotes
 * @param nullText of CSV: a column that is this text is NULL
 * @param expiry of Kyoto's formats: whether values begin with an expiration time
 */
public record Dialect(
    boolean header,
    char delimiter,
    Optional<Character> quote,
    Optional<Character> escape,
    Optional<String> nullText,
    Expiry expiry) {
  /** As RFC 4180 and COPY have it, without a header. */
  public static final Dialect DEFAULT =
      new Dialect(
          false, ',', Optional.of('"'), Optional.empty(), Optional.empty(), new Expiry.Unsaid());

  /**
   * Checks the characters.
   *
   * @throws IllegalArgumentException if one is not ASCII, ends a line, or two are the same
   */
  public Dialect {
    require("delimiter", delimiter);
    quote.ifPresent(c -> require("quote", c));
    escape.ifPresent(c -> require("escape", c));
    if (quote.filter(c -> c == delimiter).isPresent()
        || escape.filter(c -> c == delimiter).isPresent()) {
      throw new IllegalArgumentException("the delimiter is also the quote or the escape");
    }
    if (escape.isPresent() && escape.equals(quote)) {
      escape = Optional.empty(); // doubled quotes, which are understood anyway
    }
  }

  private static void require(String what, char c) {
    if (c == '\n' || c == '\r' || c == 0 || c > 127) {
      throw new IllegalArgumentException(
          "the " + what + " has to be an ASCII character that ends no line");
    }
  }

  /** The same with another answer to whether the first line names the columns. */
  public Dialect withHeader(boolean present) {
    return new Dialect(present, delimiter, quote, escape, nullText, expiry);
  }

  /** The same with other expiration times. */
  public Dialect withExpiry(Expiry times) {
    return new Dialect(header, delimiter, quote, escape, nullText, times);
  }

  /** The text of NULL as bytes. */
  Optional<byte[]> nullBytes() {
    return nullText.map(text -> text.getBytes(StandardCharsets.UTF_8));
  }
}
