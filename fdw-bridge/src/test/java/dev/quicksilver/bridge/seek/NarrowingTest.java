package dev.quicksilver.bridge.seek;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.sql.Select;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A statement's answer over the narrowed tables is its answer over the whole ones. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NarrowingTest {
  private static final int STATEMENTS = Integer.getInteger("statements", 4_000);
  private static final Pattern TABLE = Pattern.compile("\\{([a-z]+)\\}");

  private SeekLab lab;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    lab = new SeekLab(data);
  }

  @AfterAll
  void stop() throws Exception {
    lab.close();
  }

  private Map<String, KeySet> narrowed(String text, Argument... arguments) {
    Select select = SeekLab.select(text).orElseThrow();
    return Narrowing.of(select, lab.view, List.of(arguments), SeekLab.SCOPE);
  }

  /** The rows of a table whose keys lie in a set. */
  private static String restricted(String table, Optional<KeySet> keys) {
    String condition =
        keys.map(
                set ->
                    set.intervals().stream()
                        .map(NarrowingTest::within)
                        .collect(Collectors.joining(" OR ", " WHERE false OR ", "")))
            .orElse("")
            .replaceAll("OR $", "");
    return "(SELECT * FROM " + table + condition + ")";
  }

  private static String within(KeySet.Interval interval) {
    byte[] to = interval.to();
    return "convert_to(key, 'UTF8') >= '\\x"
        + HexFormat.of().formatHex(interval.from())
        + "'"
        + (to == null
            ? ""
            : " AND convert_to(key, 'UTF8') < '\\x" + HexFormat.of().formatHex(to) + "'");
  }

  @Test
  void leavesEveryRowThatMatters() throws SQLException {
    long seed = Long.getLong("seed", System.nanoTime());
    var queries = new NarrowingQueries(new Random(seed));
    lab.run("SET statement_timeout = '10s'");
    int narrowedOnes = 0;
    int answered = 0;
    for (int i = 0; i < STATEMENTS; i++) {
      String query = queries.next();
      String whole = TABLE.matcher(query).replaceAll("$1");
      List<String> expected;
      try {
        expected = lab.expected(whole);
      } catch (SQLException e) { // more than one row, a full join that cannot be merged
        continue;
      }
      answered++;
      Map<String, KeySet> keys = narrowed(whole);
      if (keys.isEmpty()) {
        continue;
      }
      narrowedOnes++;
      String restricted =
          TABLE
              .matcher(query)
              .replaceAll(
                  table ->
                      java.util.regex.Matcher.quoteReplacement(
                          restricted(
                              table.group(1), Optional.ofNullable(keys.get(table.group(1))))));
      List<String> actual = lab.expected(restricted);
      Collections.sort(actual);
      Collections.sort(expected);
      assertThat(actual)
          .as("-Dseed=%d, statement %d: %s%n%s", seed, i, whole, restricted)
          .isEqualTo(expected);
    }
    assertThat(answered).as("statements that PostgreSQL answers").isGreaterThan(STATEMENTS / 2);
    assertThat(narrowedOnes).as("narrowed ones").isGreaterThan(STATEMENTS / 5);
  }

  private static KeySet singles(String... keys) {
    return KeySet.union(Stream.of(keys).map(key -> KeySet.single(SeekLab.utf8(key))).toList());
  }

  private static KeySet prefix(String prefix) {
    return KeySet.prefix(SeekLab.utf8(prefix));
  }

  @Test
  void takesWhatEachPlaceOfATableNeeds() {
    assertThat(narrowed("SELECT lower(key) FROM zones WHERE key = 'a'"))
        .containsExactly(Map.entry("zones", singles("a")));
    assertThat(
            narrowed(
                "SELECT max(z.key) FROM public.zones z WHERE z.key ^@ 'b'"
                    + " UNION SELECT key FROM zones WHERE key IN ('x', 'y')"))
        .containsExactly(Map.entry("zones", KeySet.union(List.of(prefix("b"), singles("x", "y")))));
    assertThat(narrowed("SELECT count(*) FROM zones z, zones o WHERE z.key = 'a'")).isEmpty();
    assertThat(narrowed("SELECT upper(key) FROM dns_log WHERE key = 'a'")).isEmpty();
    assertThat(narrowed("SELECT md5(key) FROM blobs WHERE key > '\\x80'"))
        .containsExactly(
            Map.entry("blobs", KeySet.between(KeySet.after(new byte[] {(byte) 0x80}), null)));
  }

  @Test
  void goesFromTableToTable() {
    KeySet a = singles("a");
    for (String text :
        List.of(
            "SELECT * FROM zones z JOIN hosts h ON h.key = z.key WHERE z.key = 'a'",
            "SELECT * FROM zones z JOIN hosts h ON h.key = z.key AND h.key = 'a'",
            "SELECT * FROM zones z, hosts h WHERE h.key = z.key AND h.key = 'a'",
            "SELECT * FROM zones z LEFT JOIN hosts h ON h.key = z.key WHERE z.key = 'a'",
            "SELECT * FROM hosts h RIGHT JOIN zones z ON h.key = z.key WHERE z.key = 'a'",
            "SELECT * FROM hosts h JOIN (SELECT * FROM zones) z ON h.key = z.key"
                + " WHERE z.key = 'a'",
            "SELECT key FROM zones z WHERE key = 'a' AND EXISTS"
                + " (SELECT 1 FROM hosts h WHERE h.key = z.key)",
            "SELECT (SELECT h.value FROM hosts h WHERE h.key = z.key) FROM zones z"
                + " WHERE z.key = 'a'",
            "SELECT key FROM zones WHERE key IN (SELECT key FROM hosts WHERE key = 'a')",
            "SELECT key FROM zones WHERE key = (SELECT h.key FROM hosts h WHERE h.key = 'a')")) {
      assertThat(narrowed(text))
          .as(text)
          .containsExactlyInAnyOrderEntriesOf(Map.of("zones", a, "hosts", a));
    }
    assertThat(narrowed("SELECT * FROM zones z LEFT JOIN hosts h ON h.key = z.key AND h.key = 'a'"))
        .containsExactly(Map.entry("hosts", a));
    assertThat(narrowed("SELECT * FROM zones z FULL JOIN hosts h ON h.key = z.key AND h.key = 'a'"))
        .isEmpty();
    assertThat(
            narrowed(
                "SELECT * FROM (SELECT * FROM zones ORDER BY key LIMIT 5) z WHERE z.key = 'a'"))
        .isEmpty();
  }

  @Test
  void readsWhatPostgresFdwSends() {
    KeySet a = singles("a");
    assertThat(
            narrowed(
                "SELECT r1.key, r2.value FROM (public.zones r1 INNER JOIN public.hosts r2 ON"
                    + " (((r1.key = r2.key)))) WHERE ((r1.key = 'a'::text))"))
        .containsExactlyInAnyOrderEntriesOf(Map.of("zones", a, "hosts", a));
    assertThat(
            narrowed(
                "SELECT r1.key FROM public.zones r1 WHERE ((r1.key = $1::text)) AND EXISTS (SELECT"
                    + " NULL FROM public.hosts r3 WHERE ((r3.key = $1::text)))",
                new Argument(0, false, SeekLab.utf8("a"))))
        .containsExactlyInAnyOrderEntriesOf(Map.of("zones", a, "hosts", a));
    assertThat(
            narrowed(
                "SELECT s4.c1, r2.key FROM ((SELECT key FROM public.zones WHERE ((key ="
                    + " 'a'::text))) s4(c1) FULL JOIN public.hosts r2 ON (((s4.c1 = r2.key))))"))
        .containsExactly(Map.entry("zones", a));
    assertThat(
            narrowed(
                "SELECT upper(key) FROM public.zones WHERE"
                    + " ((key = ((SELECT null::text)::text)))"))
        .containsExactly(Map.entry("zones", KeySet.NONE));
    assertThat(narrowed("SELECT value::quicksilver.value_text FROM public.zones WHERE key = 'a'"))
        .containsExactly(Map.entry("zones", a));
  }

  @Test
  void readsParametersRowsAndPatterns() {
    assertThat(
            narrowed(
                "SELECT lower(key) FROM zones WHERE key = $1",
                new Argument(0, false, SeekLab.utf8("a"))))
        .containsExactly(Map.entry("zones", singles("a")));
    assertThat(
            narrowed(
                "SELECT $1::name FROM zones WHERE key = $1",
                new Argument(0, false, SeekLab.utf8("a"))))
        .isEmpty();
    assertThat(
            narrowed(
                "SELECT lower($1) FROM zones WHERE key = $1",
                new Argument(25, false, SeekLab.utf8("a"))))
        .containsExactly(Map.entry("zones", singles("a")));
    assertThat(narrowed("SELECT upper(key) FROM zones WHERE (key, sequence) >= ('b', 7)"))
        .containsExactly(Map.entry("zones", KeySet.between(SeekLab.utf8("b"), null)));
    assertThat(narrowed("SELECT upper(key) FROM zones WHERE key ~ '^b\\.c*'"))
        .containsExactly(Map.entry("zones", prefix("b.")));
    assertThat(narrowed("SELECT upper(key) FROM zones WHERE starts_with(key, 'b.')"))
        .containsExactly(Map.entry("zones", prefix("b.")));
    assertThat(narrowed("SELECT upper(key) FROM zones WHERE key = 'a' OR key LIKE 'b%'"))
        .containsExactly(Map.entry("zones", KeySet.union(List.of(singles("a"), prefix("b")))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT query_to_xml('SELECT * FROM zones', true, true, '') FROM zones WHERE key = 'a'",
        "SELECT pg_catalog.table_to_xml('zones', true, true, '') FROM zones WHERE key = 'a'",
        "SELECT quicksilver.anything() FROM zones WHERE key = 'a'",
        "SELECT key::quicksilver.another FROM zones WHERE key = 'a'",
        "SELECT NULL::zones FROM zones WHERE key = 'a'",
        "SELECT key FROM zones WHERE key = 'a' AND EXISTS (SELECT 1 FROM lean.zones)",
        "SELECT key FROM zones, nothing WHERE key = 'a'",
        "SELECT lower(key) FROM zones z (key, x) WHERE key = 'a'",
        "SELECT lower(z.x) FROM zones z (x) WHERE z.x = 'a'",
        "SELECT lower(key) FROM zones TABLESAMPLE system (10) WHERE key = 'a'",
        "SELECT lower(key) FROM zones, pg_class WHERE key = 'a'",
        "SELECT lower(key) FROM zones WHERE key = 'a' COLLATE \"en_US\"",
        "SELECT lower(key) FROM zones WHERE key COLLATE \"en_US\" < 'a'",
        "SELECT lower(key) FROM zones WHERE key = 'a'::name",
        "SELECT lower(key) FROM zones WHERE key = 'a'::bpchar",
        "SELECT lower(key) FROM zones WHERE NOT key = 'a'",
        "SELECT lower(key) FROM zones WHERE key = 'a' OR sequence = 1",
        "SELECT lower(key) FROM zones WHERE key ~ '^a|b'",
        "SELECT lower(key) FROM zones WHERE key ~ '^(?i)a'",
        "SELECT lower(key) FROM zones WHERE key ~* '^a'",
        "SELECT lower(key) FROM zones WHERE key ~ 'a'",
        "SELECT lower(key) FROM zones WHERE key LIKE 'a!%' ESCAPE '!'",
        "SELECT lower(key) FROM zones GROUP BY key HAVING key = 'a'",
        "SELECT (SELECT max(h.key) FROM hosts h WHERE zones.key = 'a') FROM zones",
        "SELECT lower(value) FROM zones WHERE value = 'a'",
      })
  void narrowsNothingWhereItIsNotSure(String text) {
    assertThat(narrowed(text)).isEmpty();
  }

  @Test
  void namesWithoutSchemaMayMeanSomethingElse() {
    Select select = SeekLab.select("SELECT lower(key) FROM zones WHERE key = 'a'").orElseThrow();
    assertThat(Narrowing.of(select, lab.view, List.of(), new Scope(SeekLab.SCOPE.zone(), false)))
        .isEmpty();
  }

  @Test
  void regularExpressionsHavePlainBeginnings() {
    assertThat(
            Stream.of("^abc", "^a\\.b", "^abc*", "^abc+", "^ab{2}", "^abc$", "^a[bc]", "^a.c")
                .map(RegexPrefix::of)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8)))
        .containsExactly("abc", "a.b", "ab", "abc", "a", "abc", "a", "a");
    assertThat(
            Stream.of("abc", "^", "^é", "^\\d", "***=^a", "^a?", "", "^*a", "^(abc)")
                .map(RegexPrefix::of))
        .allMatch(prefix -> prefix.length == 0);
  }
}
