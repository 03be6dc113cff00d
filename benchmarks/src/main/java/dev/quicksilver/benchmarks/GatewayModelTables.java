package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.GatewayModelTable.Row;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;

/** The tables of {@code gateway.model}: how they are made, and how an edge must hold them. */
final class GatewayModelTables {
  static final String SQL =
      """
      SELECT quicksilver.create_database('kv');
      ALTER TABLE kv ALTER value SET STORAGE EXTERNAL;

      CREATE TABLE composite (a int, b text, c bytea, big text, n int, j jsonb, PRIMARY KEY (a, b, c));
      ALTER TABLE composite REPLICA IDENTITY FULL, ALTER big SET STORAGE EXTERNAL;
      SELECT quicksilver.publish('composite', 'composite');

      CREATE TABLE parts (k int PRIMARY KEY, big text NOT NULL, n int, j jsonb) PARTITION BY RANGE (k);
      ALTER TABLE parts ALTER big SET STORAGE EXTERNAL;
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (MINVALUE) TO (1000);
      CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000);
      CREATE TABLE parts_3 PARTITION OF parts DEFAULT;
      SELECT quicksilver.publish('parts', 'parts', value_columns => '{big}');

      CREATE TABLE anchor (id int PRIMARY KEY);
      INSERT INTO anchor VALUES (1);
      CREATE TABLE child (k bigint PRIMARY KEY, big text, n int, j jsonb, anchor int DEFAULT 1 REFERENCES anchor);
      ALTER TABLE child REPLICA IDENTITY FULL;
      CREATE FUNCTION round_n() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.n := NEW.n / 10 * 10; RETURN NEW; END';
      CREATE TRIGGER round BEFORE INSERT OR UPDATE ON child FOR EACH ROW EXECUTE FUNCTION round_n();
      SELECT quicksilver.publish('child', 'child', value_columns => '{j, n}');
      """;

  private GatewayModelTables() {}

  static List<GatewayModelTable> create() {
    List<String> all = List.of("big", "n", "j");
    return List.of(
        new GatewayModelTable(
            "kv",
            List.of("key"),
            List.of("value"),
            false,
            id -> List.of(GatewayModelTable.quote(text(id))),
            id -> GatewayModelTable.utf8(text(id)),
            Row::big),
        new GatewayModelTable(
            "composite",
            List.of("a", "b", "c"),
            all,
            false,
            id ->
                List.of(
                    Integer.toString(first(id)),
                    GatewayModelTable.quote(text(id)),
                    "'\\x" + HexFormat.of().formatHex(bytes(id)) + "'::bytea"),
            GatewayModelTables::compositeKey,
            row ->
                "{\"big\":"
                    + escaped(row.big())
                    + ",\"n\":"
                    + row.n()
                    + ",\"j\":"
                    + row.json()
                    + "}"),
        new GatewayModelTable(
            "parts",
            List.of("k"),
            all,
            false,
            id -> List.of(Integer.toString(id)),
            id -> ByteBuffer.allocate(4).putInt(id + Integer.MIN_VALUE).array(),
            Row::big),
        new GatewayModelTable(
            "child",
            List.of("k"),
            all,
            true,
            id -> List.of(Long.toString(-id)),
            id -> ByteBuffer.allocate(8).putLong(-id + Long.MIN_VALUE).array(),
            row -> "{\"j\":" + row.json() + ",\"n\":" + row.n() + "}"));
  }

  private static String text(int id) {
    return "k'ä\\" + Integer.toString(id, 36) + (id % 5 == 0 ? "/" + "x".repeat(200) : "");
  }

  private static int first(int id) {
    return id % 7 - 3;
  }

  private static byte[] bytes(int id) {
    return id % 3 == 0 ? new byte[0] : new byte[] {0, (byte) (id % 256), 0};
  }

  private static byte[] compositeKey(int id) {
    ByteBuffer key = ByteBuffer.allocate(511);
    key.putInt(first(id) + Integer.MIN_VALUE);
    key.put(GatewayModelTable.utf8(text(id))).put((byte) 0).put((byte) 1);
    for (byte b : bytes(id)) {
      key.put(b);
      if (b == 0) {
        key.put((byte) 0xFF);
      }
    }
    key.put((byte) 0).put((byte) 1);
    byte[] made = new byte[key.position()];
    key.flip().get(made);
    return made;
  }

  private static String escaped(String text) {
    return "\""
        + text.replace("\\", "\\\\")
            .replace("\"", "\\\"")
            .replace("\n", "\\n")
            .replace("\t", "\\t")
            .replace("\u0001", "\\u0001")
        + "\"";
  }
}
