package dev.quicksilver.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * How one database is followed, as the node that owns a data directory tells other processes of the
 * machine: in a file {@code following} there, written anew every half second while the node runs.
 * UTF-8; a line of its own {@code quicksilver-following 1}, then a line a database, its fields
 * separated by tabs: name, state, upstream, root's last sequence, complete until, problem.
 *
 * @param state as in the node's status
 * @param upstream the node it pulls from; may be empty
 * @param rootSequence last known of the root; 0 if nothing was heard of it
 * @param completeUntil nothing that was committed on the root before is missing here; ms since
 *     1970-01-01 UTC by this machine's clock; empty while it is not known
 * @param problem one line; empty if there is none
 */
public record Following(
    String state, String upstream, long rootSequence, OptionalLong completeUntil, String problem) {
  private static final String FIRST = "quicksilver-following 1";
  private static final String FILE = "following";
  private static final String UNKNOWN = "-";
  private static final int FIELDS = 6;

  /** By so much may the clock have been set back unnoticed. */
  private static final long CLOCK_MILLIS = 1000;

  /**
   * Returns how old the copy may be at a moment, in ms; empty while that is not known. What was
   * said stays true: while nothing new is said, the copy gets older, never younger.
   *
   * @param now ms since 1970-01-01 UTC by this machine's clock
   */
  public OptionalLong age(long now) {
    if (completeUntil.isEmpty() || completeUntil.getAsLong() > now + CLOCK_MILLIS) {
      return OptionalLong.empty(); // what is of the future was said before the clock was set back
    }
    return OptionalLong.of(Math.max(0, now - completeUntil.getAsLong()));
  }

  /**
   * Reads what the node last said; empty if it never did.
   *
   * @param dataDirectory the node's
   * @throws IOException if the file cannot be read, or is of another version
   */
  public static Map<String, Following> read(Path dataDirectory) throws IOException {
    Path file = dataDirectory.resolve(FILE);
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    if (lines.isEmpty() || !lines.getFirst().equals(FIRST)) {
      throw new IOException(file + " is of another version: upgrade the bridge with the node");
    }
    Map<String, Following> result = new TreeMap<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split("\t", FIELDS);
      try {
        result.put(
            fields[0],
            new Following(
                fields[1],
                fields[2],
                Long.parseLong(fields[3]),
                fields[4].equals(UNKNOWN)
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseLong(fields[4])),
                fields[5]));
      } catch (ArrayIndexOutOfBoundsException | NumberFormatException e) {
        throw new IOException(file + " is damaged: the node writes it anew while it runs", e);
      }
    }
    return result;
  }

  /**
   * Says how the databases are followed; readers see all of it or what was said before.
   *
   * @param dataDirectory this node's
   */
  public static void write(Path dataDirectory, Map<String, Following> databases)
      throws IOException {
    var text = new StringBuilder(FIRST).append('\n');
    new TreeMap<>(databases)
        .forEach(
            (name, one) ->
                text.append(name)
                    .append('\t')
                    .append(field(one.state))
                    .append('\t')
                    .append(field(one.upstream))
                    .append('\t')
                    .append(one.rootSequence)
                    .append('\t')
                    .append(
                        one.completeUntil.isPresent()
                            ? Long.toString(one.completeUntil.getAsLong())
                            : UNKNOWN)
                    .append('\t')
                    .append(field(one.problem))
                    .append('\n'));
    Path next = dataDirectory.resolve(FILE + ".next");
    Files.write(next, text.toString().getBytes(StandardCharsets.UTF_8));
    Files.move(
        next,
        dataDirectory.resolve(FILE),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static String field(String text) {
    return text.replaceAll("[\\t\\r\\n\\x0b\\x0c\\x85\\u2028\\u2029]", " ");
  }
}
