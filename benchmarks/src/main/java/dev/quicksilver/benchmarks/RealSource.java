package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.loader.read.Digests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A file, how it is loaded, and what has to be in the database then, as whoever has made this knows
 * it without the loader.
 *
 * @param database its name
 * @param keyType of the table
 * @param valueType of the table
 * @param file what is loaded
 * @param flags of load and compare, beside {@code --from}
 * @param wanted what has to be there
 */
record RealSource(
    String database,
    String keyType,
    String valueType,
    Path file,
    List<String> flags,
    Wanted wanted) {

  /** Pairs of which the values are known by their SHA-256. Not thread-safe. */
  static final class Wanted {
    private final boolean json;
    private final Map<String, String> digests = new HashMap<>();
    private long duplicates;

    /** Makes an empty one, of values that are objects of strings, or of bytes. */
    Wanted(boolean json) {
      this.json = json;
    }

    /** Adds a pair, unless the key is there. */
    void add(byte[] key, byte[] value) {
      if (digests.putIfAbsent(latin1(key), digest(value)) != null) {
        duplicates++;
      }
    }

    void add(String key, String value) {
      add(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
    }

    /** Adds an object of strings. */
    void add(String key, Map<String, String> members) {
      add(key.getBytes(StandardCharsets.UTF_8), canonical(members));
    }

    boolean has(byte[] key, byte[] value) throws IOException {
      byte[] content = json ? canonical(members(value)) : value;
      return digest(content).equals(digests.get(latin1(key)));
    }

    long size() {
      return digests.size();
    }

    long duplicates() {
      return duplicates;
    }

    private static Map<String, String> members(byte[] json) throws IOException {
      Map<String, String> members = new HashMap<>();
      var object = new ObjectMapper().readTree(json);
      object
          .properties()
          .forEach(member -> members.put(member.getKey(), member.getValue().asText()));
      return members;
    }

    private static byte[] canonical(Map<String, String> members) {
      var text = new StringBuilder();
      new TreeMap<>(members)
          .forEach((name, value) -> text.append(name).append('\0').append(value).append('\0'));
      return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String digest(byte[] bytes) {
      return HexFormat.of().formatHex(Digests.sha256().digest(bytes));
    }

    private static String latin1(byte[] bytes) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }
}
