package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Keys of one column and of several sort as their values do, and tell what they were made of. */
final class KeyEncodingPropertiesTest {
  private static final Set<ColumnType> SHORTS = EnumSet.of(ColumnType.INT2);
  private static final Set<ColumnType> INTEGERS = EnumSet.of(ColumnType.INT4, ColumnType.DATE);
  private static final Set<ColumnType> LONGS =
      EnumSet.of(ColumnType.INT8, ColumnType.TIMESTAMP, ColumnType.TIMESTAMPTZ);
  private static final Set<ColumnType> BYTES =
      EnumSet.of(ColumnType.TEXT, ColumnType.VARCHAR, ColumnType.BYTEA);

  /** A value in PostgreSQL's binary form. */
  private record Component(ColumnType type, byte[] binary) {
    int compare(Component other) {
      return switch (binary.length * (BYTES.contains(type) || type == ColumnType.UUID ? 0 : 1)) {
        case 2 -> Short.compare(number().getShort(), other.number().getShort());
        case 4 -> Integer.compare(number().getInt(), other.number().getInt());
        case 8 -> Long.compare(number().getLong(), other.number().getLong());
        default -> Arrays.compareUnsigned(binary, other.binary);
      };
    }

    private ByteBuffer number() {
      return ByteBuffer.wrap(binary);
    }

    @Override
    public String toString() {
      return type + " " + HexFormat.of().formatHex(binary);
    }
  }

  /** Two rows of one table. */
  private record Pair(List<Component> one, List<Component> other) {}

  @Property(tries = 1_000, edgeCases = EdgeCasesMode.NONE)
  void byteOrderIsTheOrderOfTheColumns(@ForAll("pairs") Pair pair) {
    int expected = 0;
    for (int i = 0; i < pair.one.size() && expected == 0; i++) {
      expected = pair.one.get(i).compare(pair.other.get(i));
    }
    assertThat(Integer.signum(Arrays.compareUnsigned(encode(pair.one), encode(pair.other))))
        .isEqualTo(Integer.signum(expected));
  }

  @Property(tries = 1_000, edgeCases = EdgeCasesMode.NONE)
  void noKeyIsAPrefixOfAnother(@ForAll("pairs") Pair pair) {
    byte[] one = encode(pair.one);
    byte[] other = encode(pair.other);
    int common = Arrays.mismatch(one, other);
    assertThat(common).isLessThan(Math.min(one.length, other.length));
  }

  @Property(tries = 1_000, edgeCases = EdgeCasesMode.NONE)
  void aKeyTellsItsColumns(@ForAll("pairs") Pair pair) {
    List<Component> read = new ArrayList<>();
    ByteBuffer key = ByteBuffer.wrap(encode(pair.one));
    for (Component component : pair.one) {
      read.add(new Component(component.type, decode(key, component.type)));
    }
    assertThat(key.hasRemaining()).isFalse();
    assertThat(read).asString().isEqualTo(pair.one.toString());
  }

  @Example
  void refusesTypesWhoseBytesHaveNoOrder() {
    Set<ColumnType> encoded = EnumSet.of(ColumnType.UUID);
    for (Set<ColumnType> types : List.of(SHORTS, INTEGERS, LONGS, BYTES)) {
      encoded.addAll(types);
    }
    for (ColumnType type : EnumSet.complementOf(EnumSet.copyOf(encoded))) {
      assertThatThrownBy(
              () -> KeyEncoding.append(new ByteArrayOutputStream(), type, new byte[] {1}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(type.typeName());
    }
  }

  @Provide
  static Arbitrary<Pair> pairs() {
    return Arbitraries.of(types())
        .list()
        .ofMinSize(1)
        .ofMaxSize(4)
        .flatMap(
            types ->
                Combinators.combine(row(types), row(types), Arbitraries.integers().between(0, 4))
                    .as(KeyEncodingPropertiesTest::pair));
  }

  /** The second row begins as the first, so that later columns decide too. */
  private static Pair pair(List<Component> one, List<Component> other, int same) {
    List<Component> second = new ArrayList<>(other);
    for (int i = 0; i < Math.min(same, one.size()); i++) {
      second.set(i, one.get(i));
    }
    return new Pair(one, second);
  }

  private static List<ColumnType> types() {
    List<ColumnType> types = new ArrayList<>(List.of(ColumnType.UUID));
    List.of(SHORTS, INTEGERS, LONGS, BYTES).forEach(types::addAll);
    Collections.sort(types);
    return types;
  }

  private static Arbitrary<List<Component>> row(List<ColumnType> types) {
    return Combinators.combine(types.stream().map(KeyEncodingPropertiesTest::component).toList())
        .as(components -> components);
  }

  private static Arbitrary<Component> component(ColumnType type) {
    if (BYTES.contains(type)) {
      // Few bytes, of those that mean something to the encoding, so that one begins as the other.
      return Arbitraries.of((byte) 0, (byte) 1, (byte) 'a', (byte) 0xFE, (byte) 0xFF)
          .array(byte[].class)
          .ofMaxSize(4)
          .map(bytes -> new Component(type, bytes));
    }
    int size =
        SHORTS.contains(type) ? 2 : INTEGERS.contains(type) ? 4 : LONGS.contains(type) ? 8 : 16;
    return Arbitraries.oneOf(
            Arbitraries.longs(),
            Arbitraries.of(0L, -1L, 1L, 0x7FFFL, 0x8000L, 0x7FFFFFFFL, 0x80000000L, 1L << 63))
        .map(
            number ->
                new Component(
                    type,
                    ByteBuffer.allocate(16)
                        .putLong(size == 16 ? number : 0)
                        .putLong(number)
                        .array()))
        .map(whole -> new Component(type, Arrays.copyOfRange(whole.binary, 16 - size, 16)));
  }

  private static byte[] encode(List<Component> row) {
    ByteArrayOutputStream key = new ByteArrayOutputStream();
    for (Component component : row) {
      KeyEncoding.append(key, component.type, component.binary);
    }
    return key.toByteArray();
  }

  /** As the table of {@link KeyEncoding} says. */
  private static byte[] decode(ByteBuffer key, ColumnType type) {
    if (BYTES.contains(type)) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      while (true) {
        byte b = key.get();
        if (b == 0 && key.get() == 1) {
          return bytes.toByteArray();
        }
        bytes.write(b);
      }
    }
    boolean isUuid = type == ColumnType.UUID;
    byte[] number =
        new byte[isUuid ? 16 : SHORTS.contains(type) ? 2 : INTEGERS.contains(type) ? 4 : 8];
    key.get(number);
    number[0] ^= (byte) (isUuid ? 0 : 0x80);
    return number;
  }
}
