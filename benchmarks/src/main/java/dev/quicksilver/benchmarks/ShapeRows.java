package dev.quicksilver.benchmarks;

import dev.quicksilver.fixtures.sample.SampleDatabase;
import dev.quicksilver.fixtures.sample.SampleDatabase.History;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Rows that the captured statements ask for, in databases of the names and types that they use. */
final class ShapeRows {
  private static final int NAMES = 10_000;
  private static final int FEW = 1_000;
  private static final long MINUTE = 60_000_000L;

  private ShapeRows() {}

  /**
   * Each row has a time of its own, so that an order by time has no ties. JSON is written as
   * PostgreSQL does, since a replica keeps what PostgreSQL sent.
   */
  static List<SampleDatabase> databases() {
    var random = new Random(18);
    var names = new History();
    var notes = new History();
    var pages = new History();
    for (int i = 1; i <= NAMES; i++) {
      byte[] value = new byte[20 + i % 20];
      random.nextBytes(value);
      names.commit(MINUTE).set(name(i), value);
    }
    for (String key : List.of("a", "b", "c", "é", "😀")) {
      names.commit(MINUTE).set(key, new byte[] {(byte) 0xde, (byte) 0xad});
    }
    for (int i = 1; i <= FEW; i++) {
      String key = i % 5 == 0 ? name(i) : "note%06d".formatted(i);
      notes.commit(MINUTE).set(key, "note %d of %s".formatted(i, name(i)));
      pages
          .commit(MINUTE)
          .set(
              "https://host%03d.example.com/page/%d".formatted(i % 50, i),
              "{\"n\": %d, \"tags\": [\"a%d\", \"b%d\"], \"title\": \"t%d\"}"
                  .formatted(i, i % 3, i % 7, i));
    }
    return List.of(
        names.database("dns", "bytea"),
        notes.database("notes", "text"),
        pages.database("pages", "jsonb"));
  }

  private static String name(int number) {
    return String.format(Locale.ROOT, "host%08d.example.com.", number);
  }
}
