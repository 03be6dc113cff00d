package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.sequence.Wal.Column;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages of the WAL to entries in real databases, without a PostgreSQL. */
final class SequencerTest {
  private static final int DNS = 16_001;
  private static final UUID ID = new UUID(1, 2);
  private static final String KEY_AND_VALUE =
      "{\"key\":[{\"name\":\"k\",\"type\":\"int4\"}],\"value\":[{\"name\":\"v\",\"type\":\"text\"}]}";

  @TempDir Path folder;
  private Sequenced node;

  @BeforeEach
  void open() {
    node = new Sequenced(folder);
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void writesEveryKindOfChangeInOrder() {
    create("text text", null);
    node.transaction(textTable('d'), Wal.insert(DNS, "a", "1"), Wal.insert(DNS, "b", "2"));
    node.transaction(Wal.update(DNS, "a", "3"), Wal.delete(DNS, 'K', "b", null), Wal.truncate(DNS));
    node.transaction(Wal.insert(DNS, "c", ""));
    assertThat(node.log("dns"))
        .containsExactly("SET a 1", "SET b 2", "SET a 3", "DEL b", "CLEAR", "SET c");
  }

  @Test
  void aChangedKeyIsADeleteAndASetOfWhateverIdentity() {
    create("text text", null);
    node.transaction(textTable('d'), Wal.insert(DNS, "a", "1"));
    node.transaction(Wal.update(DNS, 'K', row("a", null), row("b", "2")));
    node.transaction(textTable('f'), Wal.update(DNS, 'O', row("b", "2"), row("c", "2")));
    node.transaction(Wal.update(DNS, 'O', row("c", "2"), row("c", "3")));
    node.transaction(Wal.delete(DNS, 'O', "c", "3"));
    assertThat(node.log("dns"))
        .containsExactly("SET a 1", "DEL a", "SET b 2", "DEL b", "SET c 2", "SET c 3", "DEL c");
  }

  @Test
  void aValueThatAnUpdateLeftAloneIsTakenFromHere() {
    create("text text", null);
    node.transaction(textTable('d'), Wal.insert(DNS, "a", "large"));
    node.transaction(Wal.update(DNS, 'K', row("a", null), row("b", Wal.UNCHANGED)));
    node.transaction(
        Wal.insert(DNS, "c", "of this transaction"), Wal.update(DNS, "c", Wal.UNCHANGED));
    assertThat(node.log("dns"))
        .containsExactly(
            "SET a large",
            "DEL a",
            "SET b large",
            "SET c of this transaction",
            "SET c of this transaction");
  }

  @Test
  void aLargeKeyThatAnUpdateLeftAloneIsInTheOldRow() {
    create("text text", null);
    node.transaction(textTable('f'), Wal.insert(DNS, "a", "1"));
    node.transaction(Wal.update(DNS, 'O', row("a", "1"), row(Wal.UNCHANGED, "2")));
    assertThat(node.log("dns")).containsExactly("SET a 1", "SET a 2");
  }

  @Test
  void refusesAValueThatIsNowhere() {
    create("text text", null);
    node.transaction(textTable('d'));
    refused(ErrorCode.STORAGE, "does not match", Wal.update(DNS, "a", Wal.UNCHANGED));
  }

  @Test
  void makesOneValueOfSeveralColumnsAndKeepsWhatAnUpdateLeftAlone() {
    create(
        "bytea json",
        Wal.jsonb(
            "{\"key\":[{\"name\":\"k\",\"type\":\"int4\"},{\"name\":\"s\",\"type\":\"text\"}],"
                + "\"value\":[{\"name\":\"v\",\"type\":\"text\"},{\"name\":\"n\",\"type\":\"int8\"}],"
                + "\"object\":true}"));
    node.transaction(
        Wal.relation(
            DNS,
            "public",
            "dns",
            'f',
            Column.of("n", ColumnType.INT8),
            Column.key("s", ColumnType.TEXT),
            Column.of("v", ColumnType.TEXT),
            Column.key("k", ColumnType.INT4)),
        Wal.insert(DNS, 5L, "x", "large", -1),
        Wal.update(DNS, 'O', row(5L, "x", "large", -1), row(null, "x", Wal.UNCHANGED, -1)),
        Wal.update(DNS, 'O', row(null, "x", "large", -1), row(6L, "", Wal.UNCHANGED, 1)),
        Wal.delete(DNS, 'O', 6L, "", "large", 1));
    assertThat(node.hex("dns"))
        .containsExactly(
            "SET 7fffffff780001 {\"v\":\"large\",\"n\":5}",
            "SET 7fffffff780001 {\"v\":\"large\",\"n\":null}",
            "DEL 7fffffff780001 ",
            "SET 800000010001 {\"v\":\"large\",\"n\":6}",
            "DEL 800000010001 ");
  }

  @Test
  void aJsonbValueIsItsTextAndNullIsRefused() {
    create("text jsonb", null);
    node.transaction(
        Wal.relation(
            DNS,
            "public",
            "dns",
            'd',
            Column.key("key", ColumnType.TEXT),
            Column.of("value", ColumnType.JSONB)),
        Wal.insert(DNS, "a", Wal.jsonb("{\"x\": 1}")));
    assertThat(node.log("dns")).containsExactly("SET a {\"x\": 1}");
    refused(ErrorCode.TABLE_CHANGED, "has no value", Wal.insert(DNS, "b", null));
  }

  @Test
  void refusesARowWithoutKeyOrValue() {
    create("bytea text", Wal.jsonb(KEY_AND_VALUE));
    node.transaction(numberTable());
    refused(ErrorCode.TABLE_CHANGED, "has no key", Wal.insert(DNS, null, "1"));
    refused(ErrorCode.TABLE_CHANGED, "has no value", Wal.insert(DNS, 1, null));
    refused(ErrorCode.TABLE_CHANGED, "has no value", Wal.insert(DNS, 1));
    refused(ErrorCode.TABLE_CHANGED, "has no key", Wal.update(DNS, Wal.UNCHANGED, "1"));
  }

  @Test
  void refusesATableThatNoLongerFits() {
    create("text text", null);
    Column key = Column.key("key", ColumnType.TEXT);
    Column value = Column.of("value", ColumnType.TEXT);
    refusedTable("no longer has its column value", 'd', key);
    refusedTable(
        "value that is no longer of type text", 'd', key, Column.of("value", ColumnType.INT4));
    refusedTable("no longer has its key columns", 'd', Column.of("key", ColumnType.TEXT), value);
    refusedTable(
        "a key may have several rows", 'd', key, value, Column.key("part", ColumnType.INT4));
  }

  @Test
  void takesColumnsByNameOfTheTableAsItWasThen() {
    create("text text", null);
    node.transaction(
        textTable('d'),
        Wal.insert(DNS, "a", "1"),
        Wal.relation(
            DNS,
            "public",
            "renamed",
            'd',
            Column.of("note", ColumnType.INT4),
            Column.of("value", ColumnType.TEXT),
            Column.key("key", ColumnType.TEXT)),
        Wal.insert(DNS, 7, "2", "b"));
    assertThat(node.log("dns")).containsExactly("SET a 1", "SET b 2");
  }

  @Test
  void ignoresTablesOfNoDatabaseAndRefusesThoseItWasNotTold() {
    node.transaction(
        Wal.relation(5, "public", "other", 'd', Column.key("k", ColumnType.INT4)),
        Wal.insert(5, 1),
        Wal.truncate(5));
    refused(ErrorCode.PROTOCOL, "without describing it", Wal.insert(6, 1));
    assertThat(node.databases.all()).hasSize(1);
  }

  @Test
  void makesADatabaseAnewInTheOrderOfTheWal() {
    create("text text", null);
    node.transaction(textTable('d'), Wal.insert(DNS, "old", "1"));
    UUID again = new UUID(3, 4);
    node.apply(
        Wal.begin(1_000),
        Wal.insert(DNS, "lost", "1"),
        Wal.delete(Wal.CATALOG, 'K', "dns", null, null, null, null, null, null, null),
        Wal.insert(DNS, "of nobody", "1"),
        Wal.insert(Wal.CATALOG, Wal.database("dns", again, DNS, "text text", null)),
        Wal.insert(DNS, "new", "2"),
        Wal.commit(1_000, 1_010));
    node.commit();
    assertThat(node.log("dns")).containsExactly("SET new 2");
    assertThat(node.databases.get("dns").orElseThrow().identity().id()).isEqualTo(again);
  }

  @Test
  void aDroppedDatabaseGoesWhenThatIsDurable() {
    create("text text", null);
    node.apply(
        Wal.begin(1_000),
        Wal.delete(Wal.CATALOG, 'K', "dns", null, null, null, null, null, null, null),
        Wal.commit(1_000, 1_010));
    assertThat(node.databases.get("dns")).as("not durable yet").isPresent();
    node.commit();
    assertThat(node.databases.get("dns")).isEmpty();
    assertThat(node.log("quicksilver").getLast()).isEqualTo("DEL dns");
  }

  @Test
  void theSameWalReadAgainWritesNothingTwice() {
    create("text text", null);
    List<ByteBuffer> twice =
        List.of(
            Wal.begin(1_000), textTable('d'), Wal.insert(DNS, "a", "1"), Wal.commit(1_000, 1_010));
    node.apply(twice.toArray(ByteBuffer[]::new));
    node.commit();
    node.reopen();
    twice.forEach(ByteBuffer::rewind);
    node.apply(twice.toArray(ByteBuffer[]::new));
    assertThat(node.transactions.isEmpty()).isTrue();
    assertThat(node.sequencer.processedLsn()).isEqualTo(1_010);
    assertThat(node.log("dns")).containsExactly("SET a 1");
  }

  @Test
  void onStartADatabaseThatTheCatalogDoesNotNameIsRemovedAndAMissingOneRefused() {
    create("text text", null);
    node.databases.create(new DatabaseIdentity(new UUID(8, 8), "stray", "text", "text"));
    node.reopen();
    assertThat(node.databases.get("stray")).isEmpty();
    assertThat(node.databases.get("dns")).isPresent();
    node.databases.drop("dns");
    assertThatThrownBy(node::reopen)
        .isInstanceOfSatisfying(
            GatewayException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATABASE_MISSING))
        .hasMessageContaining("lists database dns");
  }

  @Test
  void entriesTellTheCommitTheyCameFrom() {
    create("text text", null);
    node.apply(
        Wal.begin(0x7000), textTable('d'), Wal.insert(DNS, "a", "1"), Wal.commit(0x7000, 0x7010));
    node.commit();
    LogEntry entry = node.entries("dns").getFirst();
    assertThat(entry.commitLsn()).isEqualTo(0x7000);
    assertThat(entry.commitTime()).isEqualTo(946_684_800_000_000L + 0x7000 * 1_000);
    assertThat(node.databases.get("dns").orElseThrow().head().position())
        .isEqualTo(Sequenced.SOURCE.position(0x7010));
  }

  private void create(String types, byte[] projection) {
    node.transaction(
        Wal.catalog(), Wal.insert(Wal.CATALOG, Wal.database("dns", ID, DNS, types, projection)));
  }

  private static ByteBuffer textTable(char identity) {
    return Wal.relation(
        DNS,
        "public",
        "dns",
        identity,
        Column.key("key", ColumnType.TEXT),
        Column.of("value", ColumnType.TEXT));
  }

  private static ByteBuffer numberTable() {
    return Wal.relation(
        DNS,
        "public",
        "dns",
        'd',
        Column.key("k", ColumnType.INT4),
        Column.of("v", ColumnType.TEXT));
  }

  private static Object[] row(Object... values) {
    return values;
  }

  private void refusedTable(String why, char identity, Column... columns) {
    Object[] row = new Object[columns.length];
    refused(
        ErrorCode.TABLE_CHANGED,
        why,
        Wal.relation(DNS, "public", "dns", identity, columns),
        Wal.insert(DNS, row));
  }

  private void refused(ErrorCode code, String why, ByteBuffer... messages) {
    assertThatThrownBy(() -> node.transaction(messages))
        .isInstanceOfSatisfying(
            GatewayException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
        .hasMessageContaining(why);
  }
}
