package dev.quicksilver.gateway.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.wal.PgOutputMessage.Begin;
import dev.quicksilver.gateway.wal.PgOutputMessage.Column;
import dev.quicksilver.gateway.wal.PgOutputMessage.Commit;
import dev.quicksilver.gateway.wal.PgOutputMessage.Delete;
import dev.quicksilver.gateway.wal.PgOutputMessage.Insert;
import dev.quicksilver.gateway.wal.PgOutputMessage.LogicalMessage;
import dev.quicksilver.gateway.wal.PgOutputMessage.Other;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Truncate;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.gateway.wal.PgOutputMessage.Update;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Bytes by hand from PostgreSQL's documentation, "Logical Replication Message Formats": a space
 * between fields.
 */
final class PgOutputDecoderTest {
  private static final String BEGIN = "42 00000001000000A0 0000000000000001 000002E7";
  private static final String COMMIT = "43 00 00000001000000A0 FFFFFFFF000000D0 0000000000000001";
  private static final String RELATION =
      "52 80004001 7075626C696300 C3A400 64 0002"
          + " 01 6B00 00000019 FFFFFFFF"
          + " 00 7600 00000017 00000004";
  private static final String FULL_RELATION = "52 00000007 00 7400 66 0000";
  private static final String INSERT =
      "49 80004001 4E 0004 62 00000002 C3A4 6E 74 00000001 37 62 00000000";
  private static final String UPDATE = "55 00000007 4E 0002 62 00000001 61 75";
  private static final String UPDATE_OF_A_KEY =
      "55 00000007 4B 0002 62 00000001 61 6E 4E 0002 62 00000001 62 75";
  private static final String UPDATE_WITH_ALL =
      "55 00000007 4F 0001 62 00000001 61 4E 0001 62 00000001 62";
  private static final String DELETE = "44 00000007 4B 0002 62 00000001 61 6E";
  private static final String DELETE_WITH_ALL = "44 00000007 4F 0001 62 00000001 61";
  private static final String TRUNCATE = "54 00000002 03 00000007 80004001";
  private static final String MESSAGE = "4D 01 00000001000000A0 717569636B00 00000003 000A61";
  private static final String ORIGIN = "4F 00000001000000A0 6F00";
  private static final String TYPE = "59 00004002 7075626C696300 656E756D00";

  private static final List<String> ALL =
      List.of(
          BEGIN,
          COMMIT,
          RELATION,
          FULL_RELATION,
          INSERT,
          UPDATE,
          UPDATE_OF_A_KEY,
          UPDATE_WITH_ALL,
          DELETE,
          DELETE_WITH_ALL,
          TRUNCATE,
          MESSAGE);

  @Example
  void readsWhereATransactionBeginsAndEnds() {
    assertThat(decode(BEGIN)).isEqualTo(new Begin(0x1000000A0L, 946_684_800_000_001L));
    assertThat(decode(COMMIT)).isEqualTo(new Commit(0x1000000A0L, 0xFFFFFFFF000000D0L));
  }

  @Example
  void readsWhatATableLooksLike() {
    assertThat(decode(RELATION))
        .isEqualTo(
            new Relation(
                0x80004001,
                "public",
                "ä",
                false,
                List.of(new Column("k", true, 25), new Column("v", false, 23))));
    assertThat(decode(FULL_RELATION)).isEqualTo(new Relation(7, "", "t", true, List.of()));
  }

  @Example
  void readsBinaryTextNullAndEmptyValuesOfARow() {
    Insert insert = (Insert) decode(INSERT);
    assertThat(insert.relation()).isEqualTo(0x80004001);
    assertThat(values(insert.row())).containsExactly("ä", "NULL", "7", "");
    assertThat(insert.row().value(0, 1)).as("without its first byte").containsExactly(0xA4);
  }

  @Example
  void readsTheOldAndTheNewRowOfAnUpdate() {
    Update plain = (Update) decode(UPDATE);
    assertThat(plain.old()).isNull();
    assertThat(values(plain.row())).containsExactly("a", "UNCHANGED");
    Update key = (Update) decode(UPDATE_OF_A_KEY);
    assertThat(values(key.old())).containsExactly("a", "NULL");
    assertThat(values(key.row())).containsExactly("b", "UNCHANGED");
    Update all = (Update) decode(UPDATE_WITH_ALL);
    assertThat(values(all.old())).containsExactly("a");
    assertThat(values(all.row())).containsExactly("b");
  }

  @Example
  void readsWhatIsDeletedAndTruncated() {
    assertThat(values(((Delete) decode(DELETE)).old())).containsExactly("a", "NULL");
    assertThat(values(((Delete) decode(DELETE_WITH_ALL)).old())).containsExactly("a");
    assertThat(decode(TRUNCATE)).isEqualTo(new Truncate(List.of(7, 0x80004001)));
  }

  @Example
  void readsAMessageThatSomebodyWrote() {
    LogicalMessage message = (LogicalMessage) decode(MESSAGE);
    assertThat(message.transactional()).isTrue();
    assertThat(message.prefix()).isEqualTo("quick");
    assertThat(message.content()).isEqualTo(ByteBuffer.wrap(new byte[] {0, '\n', 'a'}));
  }

  @Example
  void passesOverOriginsAndTypes() {
    assertThat(decode(ORIGIN)).isEqualTo(new Other('O'));
    assertThat(decode(TYPE)).isEqualTo(new Other('Y'));
  }

  @Example
  void refusesAMessageThatEndsAnywhereElse() {
    for (String hex : ALL) {
      byte[] whole = bytes(hex);
      for (int length = 0; length < whole.length; length++) {
        refused(Arrays.copyOf(whole, length), "ends too early");
      }
      refused(Arrays.copyOf(whole, whole.length + 2), "2 bytes more");
    }
  }

  @Example
  void refusesKindsThatItDoesNotKnowByName() {
    refused(bytes("53 00000001 01"), "a message of type 'S'");
    refused(bytes("0A"), "a message of type 0x0A");
    refused(bytes("49 00000007 4F 0000"), "an INSERT with a tuple of kind 'O'");
    refused(bytes("55 00000007 4B 0000 4B 0000"), "an UPDATE with a tuple of kind 'K'");
    refused(bytes("44 00000007 4E 0000"), "a DELETE with a tuple of kind 'N'");
    refused(bytes("49 00000007 4E 0001 80"), "a value of kind 0x80");
  }

  @Example
  void refusesLengthsBelowNothingAndBeyondTheEnd() {
    for (String length : List.of("FFFFFFFF", "80000000", "7FFFFFFF", "00000002")) {
      refused(bytes("49 00000007 4E 0001 62 " + length + " 61"), "ends too early");
      refused(bytes("4D 00 0000000000000001 00 " + length + " 61"), "ends too early");
      refused(bytes("54 " + length + " 00 00000007"), "ends too early");
    }
  }

  @Property(tries = 5_000)
  void garbageIsAMessageOrAClearError(@ForAll byte[] garbage) {
    decodes(garbage);
  }

  @Property(tries = 5_000)
  void aDamagedMessageIsAMessageOrAClearError(
      @ForAll @IntRange(max = 11) int which,
      @ForAll @IntRange(max = 1_000) int where,
      @ForAll byte to) {
    byte[] damaged = bytes(ALL.get(which));
    damaged[where % damaged.length] = to;
    decodes(damaged);
  }

  private static void decodes(byte[] bytes) {
    try {
      PgOutputMessage message = decode(bytes);
      if (message instanceof Insert insert) {
        assertThat(values(insert.row())).hasSize(insert.row().size());
      }
    } catch (GatewayException refusal) {
      assertThat(refusal.code()).isEqualTo(ErrorCode.PROTOCOL);
    }
  }

  private static void refused(byte[] bytes, String why) {
    assertThatThrownBy(() -> decode(bytes))
        .as(HexFormat.of().formatHex(bytes))
        .isInstanceOfSatisfying(
            GatewayException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PROTOCOL))
        .hasMessageContaining(why);
  }

  private static PgOutputMessage decode(String hex) {
    return decode(bytes(hex));
  }

  /** As the driver hands them out: in the middle of an array, here of other tuples. */
  private static PgOutputMessage decode(byte[] bytes) {
    byte[] around = new byte[bytes.length + 64];
    Arrays.fill(around, (byte) 'n');
    System.arraycopy(bytes, 0, around, 7, bytes.length);
    return PgOutputDecoder.decode(ByteBuffer.wrap(around, 5, bytes.length + 2).slice().position(2));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static List<String> values(Tuple tuple) {
    String[] values = new String[tuple.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          tuple.isNull(i)
              ? "NULL"
              : tuple.isUnchanged(i)
                  ? "UNCHANGED"
                  : new String(tuple.value(i, 0), StandardCharsets.UTF_8);
    }
    return List.of(values);
  }
}
