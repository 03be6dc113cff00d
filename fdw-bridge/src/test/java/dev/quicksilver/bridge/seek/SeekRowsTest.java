package dev.quicksilver.bridge.seek;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.bridge.catalog.KeySet;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a seek does beside giving the right rows. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeekRowsTest {
  private SeekLab lab;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    lab = new SeekLab(data);
  }

  @AfterAll
  void stop() throws Exception {
    lab.close();
  }

  private Seek seek(String text) {
    return lab.plan(text).orElseThrow();
  }

  @Test
  void writesBinaryAsPostgresDoes() throws SQLException {
    binary(
        "SELECT key, value, sequence, updated_at, 7, 5000000000, NULL FROM pages",
        "SELECT textsend(key), jsonb_send(value), int8send(sequence), timestamptz_send(updated_at),"
            + " int4send(7), int8send(5000000000), NULL FROM pages");
    binary(
        "SELECT * FROM blobs",
        "SELECT byteasend(key), byteasend(value), int8send(sequence), timestamptz_send(updated_at)"
            + " FROM blobs");
    binary(
        "SELECT * FROM blobs_log",
        "SELECT int8send(sequence), textsend(op), byteasend(key), byteasend(value),"
            + " timestamptz_send(commit_time), pg_lsn_send(lsn), int8send(transaction)"
            + " FROM blobs_log");
    binary("SELECT count(*) FROM dns", "SELECT int8send(count(*)) FROM dns");
    assertThat(HexFormat.of().formatHex(field("SELECT ctid FROM dns WHERE key = 'a'", true)))
        .isEqualTo(
            lab.expected(
                    "SELECT encode(tidsend('"
                        + new String(
                            field("SELECT ctid FROM dns WHERE key = 'a'", false),
                            java.nio.charset.StandardCharsets.UTF_8)
                        + "'::tid), 'hex')")
                .getFirst());
  }

  private byte[] field(String text, boolean binary) {
    byte[] field = SeekLab.fields(seek(text), binary).getFirst().getFirst();
    assertThat(field).isNotNull();
    return field == null ? new byte[0] : field;
  }

  private void binary(String text, String sent) throws SQLException {
    List<String> actual = new ArrayList<>();
    for (List<byte @Nullable []> fields : SeekLab.fields(seek(text), true)) {
      List<String> row = new ArrayList<>();
      for (byte @Nullable [] field : fields) {
        row.add(field == null ? "null" : "\\x" + HexFormat.of().formatHex(field));
      }
      actual.add(String.join("|", row));
    }
    List<String> expected = lab.expected(sent);
    Collections.sort(actual);
    Collections.sort(expected);
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void narrowsToKeys() throws SQLException {
    KeySet some =
        KeySet.union(
            List.of(KeySet.single(SeekLab.utf8("a")), KeySet.prefix(SeekLab.utf8("host0000"))));
    String condition = " (key = 'a' OR key ^@ 'host0000')";
    for (String text :
        List.of(
            "SELECT key FROM dns",
            "SELECT count(*) FROM dns",
            "SELECT key, value FROM dns WHERE sequence > 500")) {
      List<String> actual = SeekLab.rows(seek(text).narrowed(some));
      List<String> expected =
          lab.expected(text + (text.contains("WHERE") ? " AND" : " WHERE") + condition);
      Collections.sort(actual);
      Collections.sort(expected);
      assertThat(actual).as(text).isEqualTo(expected);
    }
    assertThat(SeekLab.rows(seek("SELECT sequence FROM dns_log LIMIT 3").narrowed(some)))
        .containsExactly("1", "2", "3");
  }

  @Test
  void explainsInTheFormThatPostgresFdwScans() {
    assertThat(seek("SELECT * FROM dns").explain())
        .matches("Edge Scan on dns  \\(cost=0\\.00\\.\\.\\d+\\.\\d\\d rows=987 width=\\d+\\)");
    assertThat(seek("SELECT key FROM dns WHERE key = 'a'").explain())
        .matches("Edge Seek on dns  \\(cost=0\\.00\\.\\.0\\.\\d\\d rows=1 width=32\\)");
    assertThat(seek("SELECT key FROM dns WHERE key LIKE 'host00000%'").explain())
        .contains("Edge Seek", "rows=10 ");
    assertThat(seek("SELECT count(*) FROM dns").explain()).contains("Edge Scan", "rows=1 ");
    assertThat(seek("SELECT key FROM dns ORDER BY sequence LIMIT 7").explain()).contains("rows=7 ");
  }

  @Test
  void explainsWhatPostgresFdwWillOnlyKnowLater() {
    String unknown = "((SELECT null::text)::text)";
    Seek seek = seek("SELECT key, value FROM dns WHERE ((key = " + unknown + "))");
    assertThat(seek.explain()).contains("Edge Seek on dns", "rows=1 ");
    assertThat(SeekLab.rows(seek)).isEmpty();
    assertThat(
            seek("SELECT key FROM dns WHERE sequence > ((SELECT null::bigint)::bigint)").explain())
        .contains("Edge Scan on dns", "rows=329 ");
  }

  @Test
  void asksWhetherToGoOn() {
    int[] checks = {0};
    try (Rows rows =
        seek("SELECT key FROM dns_log WHERE key = 'nothing'").open(() -> checks[0]++)) {
      assertThat(rows.next()).isFalse();
    }
    assertThat(checks[0]).isEqualTo(1); // the log has between 1,024 and 2,047 entries
    Interruption cancel =
        () -> {
          throw new CancellationException();
        };
    for (String text :
        List.of(
            "SELECT count(*) FROM dns_log WHERE sequence > 0",
            "SELECT op FROM dns_log WHERE op = 'NONE'",
            "SELECT op FROM dns_log ORDER BY commit_time LIMIT 1")) {
      try (Rows rows = seek(text).open(cancel)) {
        assertThatThrownBy(rows::next).isInstanceOf(CancellationException.class);
      }
    }
  }

  @Test
  void samples() {
    assertThat(SeekLab.rows(seek("SELECT key FROM dns TABLESAMPLE system (0)"))).isEmpty();
    assertThat(SeekLab.rows(seek("SELECT key FROM dns TABLESAMPLE bernoulli (100)"))).hasSize(987);
    String repeatable = "SELECT key FROM dns TABLESAMPLE bernoulli (25.5) REPEATABLE (7)";
    List<String> once = SeekLab.rows(seek(repeatable));
    assertThat(once).hasSizeBetween(150, 350).isEqualTo(SeekLab.rows(seek(repeatable)));
    assertThat(SeekLab.rows(seek(repeatable.replace("(7)", "(8)")))).isNotEqualTo(once);
    assertThat(SeekLab.rows(seek("SELECT key FROM dns TABLESAMPLE system (50)")))
        .isNotEqualTo(SeekLab.rows(seek("SELECT key FROM dns TABLESAMPLE system (50)")));
    assertThat(SeekLab.rows(seek("SELECT sequence FROM dns_log TABLESAMPLE system (50)")))
        .hasSizeBetween(350, 850);
  }

  @Test
  void listsDatabases() {
    assertThat(SeekLab.rows(seek("SELECT name, pairs, timeline, diverged FROM databases")))
        .contains("dns|987|1|null", "pages|95|1|null");
    assertThat(SeekLab.rows(seek("SELECT count(*) FROM databases"))).containsExactly("5");
    assertThat(SeekLab.rows(seek("SELECT name FROM databases LIMIT 1 OFFSET 1")))
        .containsExactly("dns");
    Seek all = seek("SELECT * FROM databases");
    assertThat(SeekLab.fields(all, true)).hasSize(5);
  }

  @Test
  void countsOnceHoweverOften() {
    assertThat(SeekLab.rows(seek("SELECT count(*), count(*) FROM pages WHERE key > 'host000050'")))
        .containsExactly("46|46");
    assertThat(SeekLab.rows(seek("SELECT count(*) FROM dns LIMIT 0"))).isEmpty();
    assertThat(SeekLab.rows(seek("SELECT count(*) FROM dns OFFSET 1"))).isEmpty();
  }
}
