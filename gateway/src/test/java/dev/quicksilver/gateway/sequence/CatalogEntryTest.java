package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.sequence.Wal.Column;
import dev.quicksilver.gateway.wal.PgOutputDecoder;
import dev.quicksilver.gateway.wal.PgOutputMessage.Insert;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class CatalogEntryTest {
  private static final UUID ID = UUID.fromString("00000000-0000-0001-8000-000000000002");
  private static final String PROJECTION =
      "{\"key\":[{\"name\":\"k\",\"type\":\"int8\"}],"
          + "\"value\":[{\"name\":\"b\",\"type\":\"float4\"},{\"name\":\"a\",\"type\":\"text\"}],"
          + "\"object\":true}";

  @Test
  void aRowOfTheWalIsThePairThatEveryNodeHolds() {
    CatalogEntry entry = ofRow(Wal.database("dns", ID, 0x80000001, "text jsonb", null));
    assertThat(entry)
        .isEqualTo(
            new CatalogEntry(
                new DatabaseIdentity(ID, "dns", "text", "jsonb"),
                "public.dns_table",
                0x80000001,
                Optional.empty()));
    assertThat(entry.key()).asString(StandardCharsets.UTF_8).isEqualTo("dns");
    assertThat(entry.value())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "{\"id\":\"00000000-0000-0001-8000-000000000002\",\"key_type\":\"text\","
                + "\"value_type\":\"jsonb\",\"table\":\"public.dns_table\","
                + "\"relation\":2147483649}");
    assertThat(CatalogEntry.ofPair(entry.key(), entry.value())).isEqualTo(entry);
  }

  @Test
  void aPublishedTableKeepsItsColumnsInTheirOrder() {
    CatalogEntry entry =
        ofRow(Wal.database("dns", ID, 7, "bytea json", Wal.jsonb(" " + PROJECTION)));
    Projection projection = entry.projection().orElseThrow();
    assertThat(projection.value())
        .containsExactly(
            new Projection.Field("b", ColumnType.FLOAT4),
            new Projection.Field("a", ColumnType.TEXT));
    assertThat(entry.value())
        .asString(StandardCharsets.UTF_8)
        .endsWith("\"relation\":7,\"projection\":" + PROJECTION + "}");
    assertThat(CatalogEntry.ofPair(entry.key(), entry.value())).isEqualTo(entry);
  }

  @Test
  void aCatalogOfBeforeProjectionsIsRead() {
    Relation old =
        (Relation)
            PgOutputDecoder.decode(
                Wal.relation(
                    1,
                    "quicksilver",
                    "catalog",
                    'd',
                    Column.key("name", ColumnType.TEXT),
                    Column.of("id", ColumnType.UUID),
                    Column.of("table_schema", ColumnType.TEXT),
                    Column.of("table_name", ColumnType.TEXT),
                    Column.of("relation", ColumnType.INT4),
                    Column.of("key_type", ColumnType.TEXT),
                    Column.of("value_type", ColumnType.TEXT)));
    Insert row =
        (Insert) PgOutputDecoder.decode(Wal.insert(1, "dns", ID, "public", "t", 7, "text", "text"));
    assertThat(CatalogEntry.ofRow(old, row.row()).projection()).isEmpty();
  }

  @Test
  void refusesARowThatLacksSomething() {
    Object[] row = Wal.database("dns", ID, 7, "text text", null);
    row[3] = null;
    refused(ErrorCode.TABLE_CHANGED, "without its table_name", () -> ofRow(row));
  }

  @Test
  void refusesAPairThatIsUnreadable() {
    for (String value : List.of("", "{", "[]", "{\"id\":\"no\"}")) {
      refused(
          ErrorCode.STORAGE,
          "\"dns\" on this node is unreadable",
          () -> CatalogEntry.ofPair(bytes("dns"), bytes(value)));
    }
  }

  @Test
  void refusesAProjectionOfALaterVersion() {
    for (String json :
        List.of(
            "",
            "{",
            "{}",
            PROJECTION.replace("int8", "point"),
            PROJECTION.replace("\"object\":true", "\"object\":false"),
            PROJECTION.replace("\"key\"", "\"keys\""))) {
      refused(ErrorCode.PROTOCOL, "upgrade Quicksilver", () -> Projection.of(json));
    }
  }

  private static CatalogEntry ofRow(Object[] row) {
    Relation relation = (Relation) PgOutputDecoder.decode(Wal.catalog());
    Insert insert = (Insert) PgOutputDecoder.decode(Wal.insert(Wal.CATALOG, row));
    return CatalogEntry.ofRow(relation, insert.row());
  }

  private static void refused(ErrorCode code, String why, ThrowingCallable what) {
    assertThatThrownBy(what)
        .isInstanceOfSatisfying(
            GatewayException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
        .hasMessageContaining(why);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
