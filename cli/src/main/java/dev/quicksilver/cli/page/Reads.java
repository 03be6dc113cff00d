package dev.quicksilver.cli.page;

import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.cli.process.Utf8;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.Operation;
import dev.quicksilver.storage.record.Pair;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The newest entries of a log, and a key with where it stands. A database that is withheld is
 * refused, as other reads refuse it. One request reads at a time, within the bounds of {@link
 * NewestEntries}. Thread-safe.
 */
final class Reads {
  /** Entries of a log that are shown. */
  static final int MAX_ENTRIES = 50;

  private static final int LONGEST_KEY = 511;

  private final DatabaseSet databases;
  private final Supplier<Look> nodes;

  Reads(DatabaseSet databases, Supplier<Look> nodes) {
    this.databases = databases;
    this.nodes = nodes;
  }

  /**
   * The nodes below this one.
   *
   * @param reports what they say of each database
   * @param gone those that say nothing any more
   */
  record Look(List<SubtreeReport> reports, List<Tree.Node> gone) {}

  /**
   * The newest entries of a log.
   *
   * @param note what is not among them
   */
  record Log(String database, String note, List<Line> lines) {}

  /**
   * One entry.
   *
   * @param search the address of the page of its key; empty if it has none
   */
  record Line(
      String sequence, String time, String operation, String key, String value, String search) {}

  /**
   * What is known of a key.
   *
   * @param said one sentence: when it was set or removed last
   * @param value what it has; empty if it is not there
   * @param summary how many nodes have that; empty if nothing is known
   * @param places each node that follows the database, and whether it has that
   */
  record Found(
      String database,
      String key,
      String said,
      Optional<Bytes> value,
      String summary,
      Optional<Table> places) {}

  /** Returns the address of the page of a log. */
  static String address(String database) {
    return "/page/log?database=" + URLEncoder.encode(database, StandardCharsets.UTF_8);
  }

  /**
   * Returns the newest entries of a log, the newest first.
   *
   * @throws Refusal if the database is not there or withheld
   */
  synchronized Log log(String name) {
    Database database = served(name);
    try (Snapshot snapshot = database.snapshot()) {
      NewestEntries newest = new NewestEntries(snapshot, MAX_ENTRIES);
      List<Line> lines = newest.all(entry -> line(name, entry));
      return new Log(
          Shown.name(name),
          lines.isEmpty()
              ? "The log is empty."
              : "These are " + newest.which() + ", the newest first.",
          lines);
    } catch (StorageException e) {
      throw unreadable(name, e);
    }
  }

  private static Line line(String database, LogEntry entry) {
    boolean keyed = entry.operation() != Operation.CLEAR;
    return new Line(
        Shown.count(entry.sequence()),
        Shown.commitTime(entry.commitTime()),
        entry.operation().toString(),
        keyed ? Bytes.ofKey(entry.key()).text() : "",
        entry.operation() == Operation.SET
            ? Bytes.ofValue(database, entry.key(), entry.value(), Bytes.SHORT).inOneLine()
            : "",
        keyed ? address(database, entry.key()) : "");
  }

  private static String address(String database, byte[] key) {
    Optional<String> text = Utf8.text(key);
    return "/page/key?database="
        + URLEncoder.encode(database, StandardCharsets.UTF_8)
        + "&as="
        + (text.isPresent() ? "text" : "hex")
        + "&key="
        + URLEncoder.encode(
            text.orElseGet(() -> HexFormat.of().formatHex(key)), StandardCharsets.UTF_8);
  }

  /**
   * Looks a key up.
   *
   * @param as {@code text}, or {@code hex} if the key is given in hexadecimal digits
   * @throws Refusal if there is no such database or key, or the database is withheld
   */
  synchronized Found key(String name, String as, String given) {
    byte[] key = key(as, given);
    Database database = served(name);
    try (Snapshot snapshot = database.snapshot()) {
      String shown = Bytes.ofKey(key).text();
      Pair pair = snapshot.get(key);
      if (pair != null) {
        return found(
            name,
            shown,
            "Set by entry "
                + Shown.count(pair.sequence())
                + ", committed at "
                + Shown.commitTime(pair.commitTime())
                + ".",
            Optional.of(Bytes.ofValue(name, key, pair.value(), Bytes.LONG)),
            Optional.of(pair.sequence()));
      }
      NewestEntries newest = new NewestEntries(snapshot, NewestEntries.MOST);
      Optional<LogEntry> removal = newest.find(entry -> removes(entry, key));
      return found(
          name,
          shown,
          removal
              .map(
                  entry ->
                      "It is not there: entry "
                          + Shown.count(entry.sequence())
                          + " ("
                          + entry.operation()
                          + ") removed it, committed at "
                          + Shown.commitTime(entry.commitTime())
                          + ".")
              .orElseGet(
                  () -> "It is not there, and " + newest.which() + " do not say when it went."),
          Optional.empty(),
          removal.map(LogEntry::sequence));
    } catch (StorageException e) {
      throw unreadable(name, e);
    }
  }

  private static boolean removes(LogEntry entry, byte[] key) {
    return entry.operation() == Operation.CLEAR
        || (entry.operation() == Operation.DEL && Arrays.equals(entry.key(), key));
  }

  private static byte[] key(String as, String given) {
    byte[] key;
    switch (as) {
      case "", "text" -> key = given.getBytes(StandardCharsets.UTF_8);
      case "hex" -> {
        String digits = given.strip().replaceFirst("^(\\\\x|0x)", "");
        if (!digits.matches("([0-9A-Fa-f]{2})*")) {
          throw new Refusal(
              400, "A key in hexadecimal has an even number of digits, as in 0a1f or \\x0a1f.");
        }
        key = HexFormat.of().parseHex(digits);
      }
      default -> throw new Refusal(400, "as has to be text or hex.");
    }
    if (key.length < 1 || key.length > LONGEST_KEY) {
      throw new Refusal(
          400, "A key has 1 to " + LONGEST_KEY + " bytes; this one has " + key.length + ".");
    }
    return key;
  }

  private Database served(String name) {
    Optional<StorageException> damage = databases.damage(name);
    if (damage.isPresent()) {
      throw new Refusal(409, "It cannot be read: " + damage.get().getMessage());
    }
    Database database =
        databases
            .get(name)
            .orElseThrow(
                () ->
                    new Refusal(
                        404, "There is no database \"" + Shown.name(name) + "\" on this node."));
    try {
      databases.requireServed(name);
    } catch (StorageException e) {
      throw new Refusal(409, String.valueOf(e.getMessage()));
    }
    return database;
  }

  private static Refusal unreadable(String name, StorageException e) {
    return new Refusal(
        500, Shown.name(name) + " cannot be read: " + e.code() + ": " + e.getMessage());
  }

  private Found found(
      String database, String key, String said, Optional<Bytes> value, Optional<Long> sequence) {
    if (sequence.isEmpty()) {
      return new Found(Shown.name(database), key, said, value, "", Optional.empty());
    }
    Look look = nodes.get();
    List<SubtreeReport> following =
        look.reports().stream()
            .filter(node -> node.database().equals(database))
            .sorted(
                Comparator.comparingLong((SubtreeReport node) -> node.sequence())
                    .thenComparing(SubtreeReport::node))
            .toList();
    Table.Builder table =
        Table.named(
            "places",
            "Where it stands",
            "Each node below, those that are furthest behind first. A node has it when its sequence"
                + " is "
                + Shown.count(sequence.get())
                + " or more.",
            "Node",
            "Location",
            "Has it",
            "#Sequence",
            "State");
    int have = 0;
    for (SubtreeReport node : following) {
      boolean has = node.sequence() >= sequence.get();
      have += has ? 1 : 0;
      table.row(
          node.node(),
          node.location(),
          has ? "yes" : "not yet",
          Shown.count(node.sequence()),
          node.state().name());
    }
    for (Tree.Node node : look.gone()) {
      table.row(node.name(), node.location(), "not known", "", Standing.GONE);
    }
    int all = following.size() + look.gone().size();
    return new Found(
        Shown.name(database),
        key,
        said,
        value,
        all == 0
            ? "No node below this one follows the database."
            : "Nodes below that have it: " + Shown.count(have) + " of " + Shown.count(all) + ".",
        all == 0 ? Optional.empty() : Optional.of(table.build()));
  }
}
