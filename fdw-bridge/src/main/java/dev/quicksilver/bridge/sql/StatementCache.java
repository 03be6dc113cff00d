package dev.quicksilver.bridge.sql;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the parser made of the texts used last. It is immutable, so all sessions share it. Safe for
 * all threads.
 */
public final class StatementCache {
  /** A character becomes 64 bytes at most: {@code 1,1,1} as literals in a list. */
  private static final int BYTES_A_CHARACTER = 64;

  private static final int LONGEST = 2048;

  private final int mostCharacters;
  private final Map<String, List<Script.Piece>> parsed = new LinkedHashMap<>(64, 0.75f, true);
  private int characters;

  /** One that takes about so many bytes. */
  public StatementCache(int bytes) {
    this.mostCharacters = bytes / BYTES_A_CHARACTER;
  }

  /** As {@link Script#split} does it. */
  public List<Script.Piece> split(String text) {
    if (text.length() > LONGEST) {
      return Script.split(text);
    }
    synchronized (this) {
      List<Script.Piece> known = parsed.get(text);
      if (known != null) {
        return known;
      }
    }
    List<Script.Piece> pieces = Script.split(text);
    keep(text, pieces);
    return pieces;
  }

  private synchronized void keep(String text, List<Script.Piece> pieces) {
    if (parsed.put(text, pieces) == null) {
      characters += text.length();
    }
    var oldest = parsed.keySet().iterator();
    while (characters > mostCharacters) {
      characters -= oldest.next().length();
      oldest.remove();
    }
  }

  /** How many texts it knows. */
  synchronized int size() {
    return parsed.size();
  }
}
