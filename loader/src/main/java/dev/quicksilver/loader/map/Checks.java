package dev.quicksilver.loader.map;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.quicksilver.loader.read.JsonTexts;
import dev.quicksilver.loader.read.Scan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** What PostgreSQL and a database can hold. */
final class Checks {
  private static final JsonFactory JSON =
      JsonFactory.builder().streamReadConstraints(JsonTexts.CONSTRAINTS).build();

  private Checks() {}

  static boolean isUtf8(byte[] text) {
    for (int i = 0; i < text.length; i++) {
      if (text[i] < 0) {
        try {
          var _ =
              StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text, i, text.length - i));
          return true;
        } catch (CharacterCodingException e) {
          return false;
        }
      }
    }
    return true;
  }

  /** Refuses what a column of text cannot hold. */
  static void text(String column, byte[] text) throws Unfit {
    if (Scan.isPlain(text)) {
      return;
    }
    if (!isUtf8(text)) {
      throw new Unfit("the " + column + " is not UTF-8 (--encoding says what it is)");
    }
    for (byte b : text) {
      if (b == 0) {
        throw new Unfit("the " + column + " has a NUL character, which text cannot hold");
      }
    }
  }

  static void json(String column, byte[] text) throws Unfit {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() == null) {
        throw new Unfit("the " + column + " is empty, which is no JSON");
      }
      parser.skipChildren();
      parser.finishToken();
      if (parser.nextToken() != null) {
        throw new Unfit("the " + column + " is more than one JSON value");
      }
    } catch (JsonProcessingException e) {
      throw new Unfit("the " + column + " is not JSON: " + JsonTexts.explain(e));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // from an array there is none
    }
  }
}
