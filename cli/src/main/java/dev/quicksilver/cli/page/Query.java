package dev.quicksilver.cli.page;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a request asks for, read strictly: a page that guesses shows something else than asked. */
final class Query {
  /** Characters; the longest key takes a fifth of that. */
  private static final int LONGEST = 8_192;

  private final Map<String, String> values = new TreeMap<>();

  private Query() {}

  /**
   * Reads a query.
   *
   * @param known names that may be in it, each once
   * @throws Refusal 414 or 400, in words for who has asked
   */
  static Query of(URI uri, Set<String> known) {
    Query query = new Query();
    String raw = uri.getRawQuery();
    if (raw == null || raw.isEmpty()) {
      return query;
    }
    if (raw.length() > LONGEST) {
      throw new Refusal(414, "The query has more than " + LONGEST + " characters.");
    }
    for (String part : raw.split("&", -1)) {
      int equals = part.indexOf('=');
      String name = decode(equals < 0 ? part : part.substring(0, equals));
      if (!known.contains(name)) {
        throw new Refusal(400, "There is no parameter \"" + name + "\" here: " + known + ".");
      }
      if (query.values.put(name, equals < 0 ? "" : decode(part.substring(equals + 1))) != null) {
        throw new Refusal(400, "The parameter \"" + name + "\" is given twice.");
      }
    }
    return query;
  }

  Optional<String> find(String name) {
    return Optional.ofNullable(values.get(name));
  }

  String get(String name) {
    return values.getOrDefault(name, "");
  }

  private static String decode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '%') {
        if (at + 3 > text.length()
            || !HexFormat.isHexDigit(text.charAt(at + 1))
            || !HexFormat.isHexDigit(text.charAt(at + 2))) {
          throw new Refusal(400, "After % two hexadecimal digits have to follow in an address.");
        }
        bytes.write(HexFormat.fromHexDigits(text, at + 1, at + 3));
        at += 3;
      } else {
        bytes.writeBytes((c == '+' ? " " : String.valueOf(c)).getBytes(StandardCharsets.UTF_8));
        at++;
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new Refusal(
          400, "The address holds bytes that are no UTF-8: give a binary key as hexadecimal.");
    }
  }
}
