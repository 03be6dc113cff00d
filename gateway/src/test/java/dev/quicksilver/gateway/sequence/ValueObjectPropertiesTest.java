package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.BigRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Scale;

/** What a JSON parser reads is what the row held. */
final class ValueObjectPropertiesTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final LocalDate EPOCH = LocalDate.of(2000, 1, 1);

  @Property
  void textAndNamesComeBackWhateverTheyHold(
      @ForAll("texts") String name, @ForAll("texts") String text) throws IOException {
    JsonNode node = read(name, ColumnType.TEXT, text.getBytes(StandardCharsets.UTF_8));
    assertThat(node.textValue()).isEqualTo(text);
  }

  /** Every character of ASCII and some that are not, none of them half of one. */
  @Provide
  static Arbitrary<String> texts() {
    return Arbitraries.strings().withCharRange('\0', '\u007F').withChars("äß€\uFFFF");
  }

  @Property
  void integersComeBack(@ForAll short small, @ForAll int middle, @ForAll long large)
      throws IOException {
    byte[] two = ByteBuffer.allocate(2).putShort(small).array();
    byte[] four = ByteBuffer.allocate(4).putInt(middle).array();
    byte[] eight = ByteBuffer.allocate(8).putLong(large).array();
    assertThat(read("n", ColumnType.INT2, two).longValue()).isEqualTo(small);
    assertThat(read("n", ColumnType.INT4, four).longValue()).isEqualTo(middle);
    assertThat(read("n", ColumnType.INT8, eight).longValue()).isEqualTo(large);
  }

  @Property
  void numericsKeepTheirDigitsAndTheirScale(
      @ForAll @BigRange(min = "-1e40", max = "1e40") @Scale(30) BigDecimal any,
      @ForAll @IntRange(max = 30) int scale) {
    BigDecimal number = any.setScale(scale, java.math.RoundingMode.DOWN);
    assertThat(PostgresText.numeric(ByteBuffer.wrap(numeric(number))))
        .isEqualTo(number.toPlainString());
  }

  @Property
  void smallNumericsKeepTheirDigitsAndTheirScale(
      @ForAll @IntRange(min = -100_000, max = 100_000) int digits,
      @ForAll @IntRange(max = 30) int scale) {
    BigDecimal number = BigDecimal.valueOf(digits, scale);
    assertThat(PostgresText.numeric(ByteBuffer.wrap(numeric(number))))
        .isEqualTo(number.toPlainString());
  }

  @Property
  void timesComeBack(
      @ForAll @LongRange(max = 86_399_999_999L) long micros,
      @ForAll @IntRange(min = -730_000, max = 2_900_000) int days) {
    LocalTime time = LocalTime.MIDNIGHT.plus(micros, ChronoUnit.MICROS);
    LocalDate date = EPOCH.plusDays(days);
    assertThat(LocalTime.parse(PostgresText.time(micros))).isEqualTo(time);
    assertThat(LocalDate.parse(PostgresText.date(days))).isEqualTo(date);
    assertThat(LocalDateTime.parse(PostgresText.timestamp(days * 86_400_000_000L + micros, "")))
        .isEqualTo(LocalDateTime.of(date, time));
  }

  @Example
  void allOtherTypesAreWhatTheDocumentationSays() {
    ValueObject object = new ValueObject();
    object.member("a", ColumnType.BOOL, new byte[] {1});
    object.member("b", ColumnType.BOOL, new byte[] {0});
    object.member("c", ColumnType.BYTEA, new byte[] {0, (byte) 0xFF});
    object.member("d", ColumnType.JSON, "{ }".getBytes(StandardCharsets.UTF_8));
    object.member("e", ColumnType.JSONB, Wal.jsonb("[1, 2]"));
    object.member("f", ColumnType.UUID, new byte[16]);
    object.member("g", ColumnType.FLOAT4, new byte[] {0x7F, (byte) 0xC0, 0, 0});
    object.member("h", ColumnType.TEXT, null);
    assertThat(object.end())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "{\"a\":true,\"b\":false,\"c\":\"\\\\x00ff\",\"d\":{ },\"e\":[1, 2],\"f\":\""
                + new UUID(0, 0)
                + "\",\"g\":\"NaN\",\"h\":null}");
    assertThat(new ValueObject().end()).asString(StandardCharsets.UTF_8).isEqualTo("{}");
  }

  private static JsonNode read(String name, ColumnType type, byte[] binary) throws IOException {
    ValueObject object = new ValueObject();
    object.member(name, type, binary);
    JsonNode node = JSON.readTree(object.end());
    assertThat(node).hasSize(1);
    return node.path(name);
  }

  /** PostgreSQL's binary form: groups of four digits, without those that are zero at the ends. */
  private static byte[] numeric(BigDecimal number) {
    int scale = number.scale();
    int fractionGroups = (scale + 3) / 4;
    String digits = number.abs().setScale(fractionGroups * 4).unscaledValue().toString();
    digits = "0".repeat((4 - digits.length() % 4) % 4) + digits;
    List<Short> groups = new ArrayList<>();
    for (int i = 0; i < digits.length(); i += 4) {
      groups.add(Short.parseShort(digits.substring(i, i + 4)));
    }
    int weight = groups.size() - fractionGroups - 1;
    while (!groups.isEmpty() && groups.getFirst() == 0) {
      groups.removeFirst();
      weight--;
    }
    while (!groups.isEmpty() && groups.getLast() == 0) {
      groups.removeLast();
    }
    if (groups.isEmpty()) {
      weight = 0;
      groups = Collections.emptyList();
    }
    ByteBuffer binary = ByteBuffer.allocate(8 + 2 * groups.size());
    binary.putShort((short) groups.size()).putShort((short) weight);
    binary.putShort((short) (number.signum() < 0 ? 0x4000 : 0)).putShort((short) scale);
    groups.forEach(binary::putShort);
    return binary.array();
  }
}
