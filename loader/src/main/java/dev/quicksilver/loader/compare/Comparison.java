package dev.quicksilver.loader.compare;

import dev.quicksilver.loader.Input;
import dev.quicksilver.loader.LoadException;
import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.loader.map.Mapping.Pair;
import dev.quicksilver.loader.map.Unfit;
import dev.quicksilver.loader.read.Expirations;
import dev.quicksilver.loader.read.RecordReader;
import dev.quicksilver.loader.read.SourceRecord;
import dev.quicksilver.loader.source.Source;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares the pairs of files with those of a database. Not thread-safe. */
public final class Comparison {
  private static final long PIECE_BYTES = 32 << 20;

  private final Input input;
  private final Mapping mapping;
  private final boolean jsonb;
  private final int limit;
  private final List<Difference> differences = new ArrayList<>();
  private final List<String> rejects = new ArrayList<>();
  private long read;
  private long rejected;
  private long equal;
  private long missing;
  private long additional;
  private long different;
  private Expirations expirations = Expirations.NONE;

  /** How a key differs. */
  public enum Kind {
    /** The files have it, the database does not. */
    MISSING,
    /** The database has it, the files do not. */
    ADDITIONAL,
    /** Both have it, with different values. */
    DIFFERENT
  }

  /**
   * A key that differs.
   *
   * @param wanted the files' value, or null
   * @param found the database's value, or null
   */
  public record Difference(
      Kind kind, byte[] key, byte @Nullable [] wanted, byte @Nullable [] found) {}

  /**
   * What a comparison has found; {@code read = equal + missing + different + rejected +
   * duplicates}.
   *
   * @param read records of the files
   * @param rejected records of which no pair could be made
   * @param duplicates records whose key another record has
   * @param equal pairs that both have
   * @param missing keys that the database lacks
   * @param additional keys that the files lack
   * @param different keys with different values
   * @param differences the first of those three, in the order of keys
   * @param rejects why the first of the rejected records were
   * @param expirations records of the files that expire; those that had are not among the read
   */
  public record Result(
      long read,
      long rejected,
      long duplicates,
      long equal,
      long missing,
      long additional,
      long different,
      List<Difference> differences,
      List<String> rejects,
      Expirations expirations) {
    /** Whether both hold the same pairs, and every record of the files makes one. */
    public boolean same() {
      return missing + additional + different + rejected == 0;
    }
  }

  private Comparison(Input input, DatabaseIdentity identity, int limit) {
    this.input = input;
    this.limit = limit;
    this.mapping =
        input.mapping(
            Mapping.Type.ofReplicated(identity.keyType()),
            Mapping.Type.ofReplicated(identity.valueType()));
    this.jsonb = identity.valueType().equals("jsonb");
  }

  /**
   * Compares.
   *
   * @param temporary a folder with room for all pairs of the files
   * @param limit how many differences, and rejects, are returned
   * @throws LoadException if a source cannot be read
   */
  public static Result run(
      Input input, Snapshot snapshot, DatabaseIdentity identity, Path temporary, int limit)
      throws LoadException, IOException {
    var comparison = new Comparison(input, identity, limit);
    boolean lastWins = input.duplicates() == Input.Duplicates.LAST;
    try (var pairs = new SortedPairs(temporary, PIECE_BYTES, lastWins)) {
      for (Source source : input.sources()) {
        comparison.read(source, pairs);
      }
      try (Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
        comparison.walk(pairs, scan);
      }
      return comparison.result(pairs.duplicates());
    }
  }

  private Result result(long duplicates) {
    return new Result(
        read,
        rejected,
        duplicates,
        equal,
        missing,
        additional,
        different,
        List.copyOf(differences),
        List.copyOf(rejects),
        expirations);
  }

  private void read(Source source, SortedPairs pairs) throws LoadException, IOException {
    try (RecordReader reader = input.open(source, mapping)) {
      for (SourceRecord record = Input.next(reader, source);
          record != null;
          record = Input.next(reader, source)) {
        read++;
        try {
          pairs.add(mapping.apply(record));
        } catch (Unfit e) {
          rejected++;
          if (rejects.size() < limit) {
            rejects.add(source.name() + ", " + record.extent().place() + ": " + e.getMessage());
          }
        }
      }
      expirations = expirations.plus(reader.expirations());
    }
  }

  private void walk(SortedPairs pairs, Scan scan) throws IOException {
    Pair wanted = pairs.next();
    boolean found = scan.next();
    while (wanted != null || found) {
      int order = found ? order(wanted, scan) : -1;
      if (order > 0 || wanted == null) {
        additional++;
        note(new Difference(Kind.ADDITIONAL, scan.key(), null, scan.value()));
        found = scan.next();
        continue;
      }
      if (order < 0) {
        missing++;
        note(new Difference(Kind.MISSING, wanted.key(), wanted.value(), null));
      } else {
        meet(wanted, scan);
        found = scan.next();
      }
      wanted = pairs.next();
    }
  }

  /** Positive if the database's key comes first. */
  private static int order(@Nullable Pair wanted, Scan scan) {
    return wanted == null
        ? 1
        : Arrays.compareUnsigned(
            wanted.key(), 0, wanted.key().length, scan.keyBuffer(), 0, scan.keyLength());
  }

  private void meet(Pair wanted, Scan scan) {
    if (same(wanted.value(), scan)) {
      equal++;
    } else {
      different++;
      note(new Difference(Kind.DIFFERENT, wanted.key(), wanted.value(), scan.value()));
    }
  }

  private boolean same(byte[] wanted, Scan scan) {
    int from = scan.valueOffset();
    boolean bytes =
        Arrays.equals(
            wanted, 0, wanted.length, scan.valueBuffer(), from, from + scan.valueLength());
    return bytes || (jsonb && JsonEquality.same(wanted, scan.value()));
  }

  private void note(Difference difference) {
    if (differences.size() < limit) {
      differences.add(difference);
    }
  }
}
