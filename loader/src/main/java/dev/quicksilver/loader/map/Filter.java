package dev.quicksilver.loader.map;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;

/** What a template does to a field. */
enum Filter {
  /** Takes blanks off both ends. */
  TRIM {
    @Override
    byte[] apply(byte[] field) {
      int from = 0;
      int to = field.length;
      while (from < to && isBlank(field[from])) {
        from++;
      }
      while (to > from && isBlank(field[to - 1])) {
        to--;
      }
      return Arrays.copyOfRange(field, from, to);
    }
  },
  /** Makes letters small. */
  LOWER {
    @Override
    byte[] apply(byte[] field) {
      return utf8(text(field).toLowerCase(Locale.ROOT));
    }
  },
  /** Makes letters large. */
  UPPER {
    @Override
    byte[] apply(byte[] field) {
      return utf8(text(field).toUpperCase(Locale.ROOT));
    }
  },
  /** Reads hexadecimal digits; blanks between bytes and a leading {@code \x} are let be. */
  HEX {
    @Override
    byte[] apply(byte[] field) throws Unfit {
      String digits = new String(field, StandardCharsets.ISO_8859_1).replaceAll("\\s+", "");
      try {
        return HexFormat.of().parseHex(digits.startsWith("\\x") ? digits.substring(2) : digits);
      } catch (IllegalArgumentException e) {
        throw new Unfit("is not hexadecimal");
      }
    }
  },
  /** Reads base64 (RFC 4648), with line breaks or without. */
  BASE64 {
    @Override
    byte[] apply(byte[] field) throws Unfit {
      try {
        String digits = new String(field, StandardCharsets.ISO_8859_1).replaceAll("\\s+", "");
        return Base64.getDecoder().decode(digits);
      } catch (IllegalArgumentException e) {
        throw new Unfit("is not base64");
      }
    }
  },
  /** Makes a JSON string of text. */
  STRING {
    @Override
    byte[] apply(byte[] field) {
      char[] quoted =
          com.fasterxml.jackson.core.io.JsonStringEncoder.getInstance().quoteAsString(text(field));
      return utf8('"' + new String(quoted) + '"');
    }
  },
  /** Of JSON lines: the JSON text as it stands there. */
  JSON {
    @Override
    byte[] apply(byte[] field) {
      return field;
    }
  };

  abstract byte[] apply(byte[] field) throws Unfit;

  private static boolean isBlank(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r');
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.UTF_8);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Whether it reads text, and so would hide that some is none. */
  boolean needsText() {
    return this == LOWER || this == UPPER || this == STRING;
  }
}
