package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.sequence.Wal.Column;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of quicksilver.reader in the WAL to pairs of the catalog, without a PostgreSQL. */
final class ReaderEntryTest {
  private static final int READER = 16_002;

  @TempDir Path folder;
  private Sequenced node;

  @BeforeEach
  void open() {
    node = new Sequenced(folder);
    node.transaction(
        Wal.relation(
            READER,
            ReaderEntry.SCHEMA,
            ReaderEntry.TABLE,
            'f',
            Column.key("role", ColumnType.TEXT),
            Column.of("verifier", ColumnType.TEXT),
            Column.of("databases", ColumnType.BYTEA)));
  }

  @AfterEach
  void close() {
    node.close();
  }

  private static byte[] array(String... elements) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(20)
            .putInt(1)
            .putInt(0)
            .putInt(25)
            .putInt(elements.length)
            .putInt(1)
            .array());
    for (String element : elements) {
      byte[] utf8 = element.getBytes(StandardCharsets.UTF_8);
      out.writeBytes(ByteBuffer.allocate(4).putInt(utf8.length).array());
      out.writeBytes(utf8);
    }
    return out.toByteArray();
  }

  private static Object[] row(Object... values) {
    return values;
  }

  @Test
  void writesEveryKindOfChange() {
    node.transaction(
        Wal.insert(READER, "ann", "v", array("zones", "dns", "zones")),
        Wal.update(READER, 'O', row("ann", "v", array("dns")), row("ann", null, array("dns"))));
    node.transaction(
        Wal.update(READER, 'O', row("ann", null, array("dns")), row("Bö\"b", "w", array("*"))));
    node.transaction(Wal.delete(READER, 'O', "Bö\"b", "w", array("*")));
    assertThat(node.log("quicksilver"))
        .containsExactly(
            "SET role:ann {\"verifier\":\"v\",\"databases\":[\"dns\",\"zones\"]}",
            "SET role:ann {\"databases\":[\"dns\"]}",
            "DEL role:ann",
            "SET role:Bö\"b {\"verifier\":\"w\",\"databases\":[\"*\"]}",
            "DEL role:Bö\"b");
  }

  @Test
  void takesWhatAnUpdateLeftAloneFromTheOldRow() {
    node.transaction(
        Wal.update(READER, 'O', row("ann", "v", array("dns")), row("ann", "w", Wal.UNCHANGED)),
        Wal.update(
            READER, 'O', row("ann", "w", array("dns")), row("ann", Wal.UNCHANGED, array("a"))));
    assertThat(node.log("quicksilver"))
        .containsExactly(
            "SET role:ann {\"verifier\":\"w\",\"databases\":[\"dns\"]}",
            "SET role:ann {\"verifier\":\"w\",\"databases\":[\"a\"]}");
  }

  @Test
  void theSameWalReadAgainWritesNothingTwice() {
    ByteBuffer[] messages = {
      Wal.begin(1_000), Wal.insert(READER, "ann", null, array("dns")), Wal.commit(1_000, 1_010)
    };
    node.apply(messages);
    node.commit();
    node.apply(List.of(messages).stream().map(ByteBuffer::rewind).toArray(ByteBuffer[]::new));
    assertThat(node.transactions.isEmpty()).isTrue();
    assertThat(node.log("quicksilver")).hasSize(1);
  }

  @Test
  void aRoleIsNoDatabaseOfTheNodeWhateverItsPairIs() {
    node.transaction(Wal.insert(READER, "ann", null, array("dns")));
    try (var appender = node.databases.get("quicksilver").orElseThrow().append()) {
      appender.begin(5_000, 5_000);
      appender.set(ReaderEntry.key("damaged"), new byte[] {1, 2, 3});
      appender.end(Sequenced.SOURCE.position(5_008));
      appender.commit();
    }
    node.reopen();
    assertThat(node.databases.all()).hasSize(1);
  }

  @Test
  void refusesARowThatLacksSomething() {
    refused(ErrorCode.TABLE_CHANGED, "without its role", Wal.insert(READER, null, "v", array("a")));
    refused(ErrorCode.TABLE_CHANGED, "without its databases", Wal.insert(READER, "ann", "v", null));
    refused(
        ErrorCode.TABLE_CHANGED,
        "without its databases",
        Wal.update(READER, "ann", "v", Wal.UNCHANGED));
    refused(ErrorCode.PROTOCOL, "role \"ann\"", Wal.insert(READER, "ann", "v", new byte[3]));
    byte[] cut = java.util.Arrays.copyOf(array("dns"), 25);
    refused(ErrorCode.PROTOCOL, "role \"ann\"", Wal.insert(READER, "ann", "v", cut));
  }

  @Test
  void sortsByBytesAndKeepsEachOnce() {
    assertThat(ReaderEntry.of("r", Optional.empty(), List.of("b", "a_", "a0", "b")).databases())
        .containsExactly("a0", "a_", "b");
  }

  private void refused(ErrorCode code, String why, ByteBuffer message) {
    assertThatThrownBy(() -> node.transaction(message))
        .isInstanceOfSatisfying(
            GatewayException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
        .hasMessageContaining(why);
  }
}
