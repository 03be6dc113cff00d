package dev.quicksilver.bridge.seek;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.bridge.types.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters get PostgreSQL's types and values. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ParametersTest {
  private SeekLab lab;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    lab = new SeekLab(data);
  }

  @AfterAll
  void stop() throws Exception {
    lab.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM dns WHERE key = $1",
        "SELECT * FROM dns WHERE $2 < key AND key LIKE $1",
        "SELECT key, 1, NULL FROM dns WHERE key IN ($1, 'a', $2) LIMIT $3 OFFSET $4",
        "SELECT key FROM dns WHERE key = $1::text OR key = $2::varchar",
        "SELECT key FROM dns WHERE key = ANY ($1)",
        "SELECT key FROM dns WHERE key = ANY ($1::varchar[])",
        "SELECT key FROM dns WHERE key <> ALL (ARRAY[$1, $2])",
        "SELECT key FROM dns WHERE key ^@ $1 AND key = $1",
        "SELECT key FROM dns WHERE sequence = $1",
        "SELECT key FROM dns WHERE sequence = $1::int OR sequence = $2::smallint",
        "SELECT key FROM dns WHERE sequence BETWEEN $1 AND $2",
        "SELECT key FROM dns WHERE sequence IN (1, $1)",
        "SELECT key FROM dns WHERE sequence = ANY ($1)",
        "SELECT key FROM dns WHERE sequence = ANY (ARRAY[1, $1])",
        "SELECT key FROM dns WHERE sequence = ANY (ARRAY[1, $1, 5000000000])",
        "SELECT key FROM dns WHERE sequence = ANY (ARRAY[$1]::bigint[])",
        "SELECT key FROM dns WHERE updated_at < $1 OR updated_at = ANY ($2)",
        "SELECT key FROM dns WHERE updated_at IN ($1, $2::timestamptz)",
        "SELECT count(*), count(*) AS n FROM dns WHERE key > $1",
        "SELECT * FROM blobs WHERE key = $1 OR key = ANY ($2)",
        "SELECT * FROM pages_log WHERE transaction = $1 LIMIT $2::bigint",
      })
  void areDescribedAsPostgresDoes(String text) throws SQLException {
    Optional<Seek.Description> description =
        Seek.describe(SeekLab.select(text).get(), lab.view, List.of(), SeekLab.SCOPE);
    lab.run("PREPARE described AS " + text);
    String expected =
        lab.expected(
                "SELECT parameter_types::oid[], result_types::oid[] FROM pg_prepared_statements"
                    + " WHERE name = 'described'")
            .getFirst();
    lab.run("DEALLOCATE described");
    assertThat(description)
        .hasValueSatisfying(
            found ->
                assertThat(
                        oids(found.parameterTypes().stream())
                            + "|"
                            + oids(found.types().stream().map(Type::oid)))
                    .isEqualTo(expected));
  }

  private static String oids(Stream<Integer> oids) {
    return oids.map(String::valueOf).collect(Collectors.joining(",", "{", "}"));
  }

  private static Argument text(int oid, String value) {
    return new Argument(oid, false, value.getBytes(StandardCharsets.UTF_8));
  }

  private static Argument binaryText(int oid, String value) {
    return new Argument(oid, true, value.getBytes(StandardCharsets.UTF_8));
  }

  private static Argument int8(int oid, long value) {
    return new Argument(oid, true, ByteBuffer.allocate(8).putLong(value).array());
  }

  private static byte[] array(int elementOid, byte[]... elements) {
    ByteBuffer out = ByteBuffer.allocate(1000);
    out.putInt(1).putInt(0).putInt(elementOid).putInt(elements.length).putInt(1);
    for (byte[] element : elements) {
      out.putInt(element.length).put(element);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static final Argument NULL = new Argument(0, false, null);

  static Stream<Arguments> values() {
    return Stream.of(
        values("dns WHERE key = $1", "dns WHERE key = 'é'", text(0, "é")),
        values("dns WHERE key = $1", "dns WHERE key = 'é'", text(705, "é")),
        values("dns WHERE key = $1", "dns WHERE key = '😀'", binaryText(25, "😀")),
        values("dns WHERE key < $1::text", "dns WHERE key < 'b'", text(1043, "b")),
        values("dns WHERE key = $1", "dns WHERE false", NULL),
        values("dns WHERE key NOT IN ('a', $1)", "dns WHERE false", NULL),
        values("dns WHERE key LIKE $1", "dns WHERE key LIKE 'h%1%'", text(0, "h%1%")),
        values(
            "dns WHERE key = ANY ($1)",
            "dns WHERE key IN ('a', 'comma,key')",
            text(0, "{a,\"comma,key\",NULL}")),
        values(
            "dns WHERE key = ANY ($1)",
            "dns WHERE key IN ('a', 'é')",
            new Argument(1009, true, array(25, SeekLab.utf8("a"), SeekLab.utf8("é")))),
        values("dns WHERE key = ANY ($1)", "dns WHERE false", NULL),
        values("dns WHERE key <> ALL ($1)", "dns", text(1009, "{}")),
        values("dns WHERE sequence = $1", "dns WHERE sequence = 77", text(0, "77")),
        values("dns WHERE sequence = $1", "dns WHERE sequence = 77", text(23, "77")),
        values("dns WHERE sequence = $1", "dns WHERE sequence = 77", int8(0, 77)),
        values("dns WHERE sequence = $1", "dns WHERE sequence = 77", int8(20, 77)),
        values("dns WHERE sequence = $1", "dns WHERE sequence = 77", binary(23, 0, 0, 0, 77)),
        values("dns WHERE sequence = $1", "dns WHERE sequence = 77", binary(21, 0, 77)),
        values(
            "dns WHERE sequence = $1::bigint", "dns WHERE sequence = 77", binary(23, 0, 0, 0, 77)),
        values(
            "dns WHERE sequence = ANY ($1)",
            "dns WHERE sequence IN (77, 78)",
            new Argument(1007, true, array(23, bytes(0, 0, 0, 77), bytes(0, 0, 0, 78)))),
        values(
            "dns WHERE updated_at < $1",
            "dns WHERE updated_at < '2024-03-01 00:00:00+00'",
            text(0, "2024-03-01 00:00:00+00")),
        values(
            "dns WHERE updated_at < $1",
            "dns WHERE updated_at < '2024-03-01 00:00:00+00'",
            int8(1184, 762_566_400_000_000L)),
        values("dns ORDER BY key LIMIT $1", "dns ORDER BY key LIMIT 5", text(0, "5")),
        values(
            "dns ORDER BY key LIMIT $1 OFFSET $2",
            "dns ORDER BY key OFFSET 1",
            NULL,
            binary(21, 0, 1)),
        values("blobs WHERE key = $1", "blobs WHERE key = '\\x25'", binary(0, 0x25)),
        values("blobs WHERE key = $1", "blobs WHERE key = '\\x25'", text(17, "\\x25")));
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static Argument binary(int oid, int... values) {
    return new Argument(oid, true, bytes(values));
  }

  private static Arguments values(String text, String literal, Argument... arguments) {
    return Arguments.of(text, literal, List.of(arguments));
  }

  @ParameterizedTest
  @MethodSource("values")
  void haveTheirValues(String text, String literal, List<Argument> arguments) throws SQLException {
    Seek seek = lab.plan("SELECT * FROM " + text, arguments.toArray(Argument[]::new)).orElseThrow();
    List<String> actual = SeekLab.rows(seek);
    List<String> expected = lab.expected("SELECT * FROM " + literal);
    if (!text.contains("ORDER BY")) {
      Collections.sort(actual);
      Collections.sort(expected);
    }
    assertThat(actual).isEqualTo(expected);
    assertThat(seek.parameterTypes()).hasSameSizeAs(arguments).doesNotContain(0);
  }

  static Stream<Arguments> misses() {
    return Stream.of(
        values("key = $1", "no value"),
        values("key = $1", "one too many", text(25, "a"), text(25, "b")),
        values("key = $2", "$1 is not used", text(25, "a"), text(25, "b")),
        values("key = $1 AND sequence = $1", "two types", text(0, "1")),
        values("key = $1 OR key = $1::varchar", "two types", text(0, "1")),
        values("key = $1", "a number", text(20, "1")),
        values("key = $1", "char(n)", text(1042, "a")),
        values("key = $1", "not UTF-8", binary(25, 0xc3)),
        values("key = $1", "a zero byte", binary(25, 'a', 0)),
        values("key LIKE $1", "a pattern that ends in its escape", text(25, "a\\")),
        values("key = ANY ($1)", "not an array", text(25, "a")),
        values("key = ANY ($1)", "an array in another form", text(1009, "{ a }")),
        values("key = ANY ($1)", "an array of other elements", new Argument(1009, true, array(20))),
        values("sequence = $1", "a fraction", text(0, "1.0")),
        values("sequence = $1", "a blank", text(0, " 1")),
        values("sequence = $1", "beyond int4", text(23, "3000000000")),
        values("sequence = $1", "too short", binary(20, 0, 0, 0, 1)),
        values("sequence = $1::int", "to be cast when it runs", int8(20, 1)),
        values("sequence = $1::text", "another type", text(0, "1")),
        values("sequence = $1", "numeric", text(1700, "1")),
        values("updated_at < $1", "not in the strict form", text(0, "2024-01-01")),
        values("updated_at < $1", "infinity", int8(1184, Long.MAX_VALUE)),
        values("updated_at < $1", "a date", text(1082, "2024-01-01")),
        values("key = 'a' LIMIT $1", "negative", text(0, "-1")),
        values("key = 'a' LIMIT $1", "text", text(25, "1")),
        values("sequence > 0 ORDER BY sequence LIMIT $1", "too many", text(0, "10001")));
  }

  @ParameterizedTest
  @MethodSource("misses")
  void makeNoSeek(String condition, String why, List<Argument> arguments) {
    assertThat(lab.plan("SELECT * FROM dns WHERE " + condition, arguments.toArray(Argument[]::new)))
        .as(why)
        .isEmpty();
  }

  @Test
  void aDescriptionNeedsEveryTypeToBeKnown() {
    var select = SeekLab.select("SELECT key FROM dns WHERE key = $2").get();
    assertThat(Seek.describe(select, lab.view, List.of(), SeekLab.SCOPE)).isEmpty();
    assertThat(Seek.describe(select, lab.view, List.of(25, 25), SeekLab.SCOPE)).isEmpty();
  }
}
