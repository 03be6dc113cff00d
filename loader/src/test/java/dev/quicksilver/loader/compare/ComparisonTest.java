package dev.quicksilver.loader.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.loader.Input;
import dev.quicksilver.loader.Input.Duplicates;
import dev.quicksilver.loader.compare.Comparison.Kind;
import dev.quicksilver.loader.map.Mapping.Pair;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.source.Source;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComparisonTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(64L << 20).withoutDurability();

  @TempDir private Path folder;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Comparison.Result compare(String valueType, Map<String, String> pairs, String tsv)
      throws Exception {
    return compare(valueType, pairs, tsv, Duplicates.ERROR);
  }

  private Comparison.Result compare(
      String valueType, Map<String, String> pairs, String tsv, Duplicates duplicates)
      throws Exception {
    var identity = new DatabaseIdentity(UUID.randomUUID(), "kv", "text", valueType);
    Path data = Files.createTempDirectory(folder, "data");
    Path temporary = Files.createTempDirectory(folder, "temporary");
    Path file = Files.writeString(Files.createTempFile(folder, "source", ".tsv"), tsv);
    try (var databases = DatabaseSet.open(data, OPTIONS)) {
      Database database = databases.create(identity);
      try (Appender appender = database.append()) {
        appender.begin(1, 1);
        pairs.forEach((key, value) -> appender.set(utf8(key), utf8(value)));
        appender.end(new Position(1, 1, 2));
        appender.commit();
      }
      var input =
          new Input(
              List.of(new Source.OfFile(file)),
              Format.TSV,
              Dialect.DEFAULT,
              Optional.empty(),
              "{1}",
              "{2}",
              duplicates,
              1 << 20);
      try (Snapshot snapshot = database.snapshot()) {
        return Comparison.run(input, snapshot, identity, temporary, 10);
      } finally {
        assertThat(temporary).isEmptyDirectory();
      }
    }
  }

  @Test
  void findsWhatDiffers() throws Exception {
    Comparison.Result result =
        compare(
            "text",
            Map.of("a", "1", "b", "2", "d", "4", "ä", "5"),
            "ä\t5\nc\t3\nb\tother\na\t1\nbad\nzz\t9\n");
    assertThat(result.same()).isFalse();
    assertThat(result.read()).isEqualTo(6);
    assertThat(result.equal()).isEqualTo(2);
    assertThat(result.rejected()).isEqualTo(1);
    assertThat(result.rejects()).singleElement().asString().contains(".tsv, line 5: there is one");
    assertThat(result.differences())
        .extracting(one -> one.kind() + " " + new String(one.key(), StandardCharsets.UTF_8))
        .containsExactly(
            Kind.DIFFERENT + " b",
            Kind.MISSING + " c",
            Kind.ADDITIONAL + " d",
            Kind.MISSING + " zz");
    assertThat(result.missing()).isEqualTo(2);
    assertThat(result.additional()).isEqualTo(1);
    assertThat(result.different()).isEqualTo(1);
  }

  @Test
  void knowsTheSame() throws Exception {
    assertThat(compare("text", Map.of("a", "1", "b", "2"), "b\t2\na\t1\n").same()).isTrue();
    assertThat(compare("text", Map.of(), "").same()).isTrue();
    assertThat(compare("text", Map.of("a", "1"), "").additional()).isEqualTo(1);
    assertThat(compare("text", Map.of("a", "2"), "a\t1\na\t2\n", Duplicates.FIRST).different())
        .isEqualTo(1);
    Comparison.Result last = compare("text", Map.of("a", "2"), "a\t1\na\t2\n", Duplicates.LAST);
    assertThat(last.same()).isTrue();
    assertThat(last.duplicates()).isEqualTo(1);
  }

  @Test
  void comparesJsonbByItsMeaning() throws Exception {
    Map<String, String> pairs = Map.of("a", "{\"b\": [1.50, \"x\"], \"c\": null}");
    String same = "a\t{\"c\":null,\"b\":[1.5,\"\\\\u0078\"]}\n";
    assertThat(compare("jsonb", pairs, same).same()).isTrue();
    assertThat(compare("json", pairs, same).different()).isEqualTo(1);
    for (String other :
        List.of(
            "{\"b\":[1.5,\"x\"]}", "{\"c\":null,\"b\":[1.51,\"x\"]}", "{\"c\":0,\"b\":[1.5]}")) {
      assertThat(compare("jsonb", pairs, "a\t" + other + "\n").different()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sortsInPieces(boolean lastWins) throws Exception {
    Random random = new Random(11);
    Map<String, String> wanted = new TreeMap<>();
    Path temporary = Files.createDirectory(folder.resolve("sorted"));
    try (var pairs = new SortedPairs(temporary, 2_000, lastWins)) {
      for (int i = 0; i < 3_000; i++) {
        String key = "k" + random.nextInt(1_000);
        String value = "v" + i;
        pairs.add(new Pair(utf8(key), utf8(value)));
        if (lastWins) {
          wanted.put(key, value);
        } else {
          wanted.putIfAbsent(key, value);
        }
      }
      assertThat(temporary).isNotEmptyDirectory();
      Map<String, String> sorted = new TreeMap<>();
      String before = "";
      for (Pair pair = pairs.next(); pair != null; pair = pairs.next()) {
        String key = new String(pair.key(), StandardCharsets.UTF_8);
        assertThat(key).isGreaterThan(before);
        before = key;
        sorted.put(key, new String(pair.value(), StandardCharsets.UTF_8));
      }
      assertThat(sorted).isEqualTo(wanted);
      assertThat(pairs.duplicates()).isEqualTo(3_000 - wanted.size());
    }
    assertThat(temporary).isEmptyDirectory();
  }
}
