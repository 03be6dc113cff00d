package dev.quicksilver.loader.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.loader.read.Column;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.read.Readers;
import dev.quicksilver.loader.read.RecordReader;
import dev.quicksilver.loader.read.SourceRecord;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read of PostgreSQL and of Quicksilver is what is there. */
class RowsTest {
  private static EmbeddedPostgres postgres;
  @TempDir private Path data;

  @BeforeAll
  static void start() {
    postgres = EmbeddedPostgres.start();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private static PostgresRows rows(String what, boolean isQuery) {
    return new PostgresRows("server", postgres.jdbcUrl(), new Properties(), what, isQuery);
  }

  private static List<String> read(Source source, String... columns) throws IOException {
    List<Column> wanted = new ArrayList<>();
    for (String column : columns) {
      wanted.add(new Column(column, false));
    }
    List<String> all = new ArrayList<>();
    try (RecordReader reader =
        Readers.open(
            source.open(),
            Format.TSV,
            Dialect.DEFAULT.withHeader(true),
            Optional.empty(),
            wanted,
            1 << 22)) {
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        assertThat(record.problem()).isNull();
        all.add(String.join(" ", record.fields().stream().map(RowsTest::hex).toList()));
      }
    }
    return all;
  }

  private static String hex(byte @Nullable [] bytes) {
    return bytes == null ? "NULL" : HexFormat.of().formatHex(bytes);
  }

  private static byte[] bytes(Random random, boolean ascii) {
    byte[] bytes = new byte[random.nextInt(20)];
    random.nextBytes(bytes);
    for (int i = 0; ascii && i < bytes.length; i++) {
      bytes[i] = (byte) (1 + (bytes[i] & 0x7e));
    }
    return bytes;
  }

  @Test
  void readsATableInTheOrderOfItsKey() throws Exception {
    Random random = new Random(1);
    List<String> wanted = new ArrayList<>();
    try (Connection connection = postgres.connect();
        var statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE \"Odd\tname\" (a text, \"B\" bytea, c integer, PRIMARY KEY (c, a))");
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO \"Odd\tname\" VALUES (?, ?, ?)")) {
        for (int i = 0; i < 500; i++) {
          String text = new String(bytes(random, true), StandardCharsets.US_ASCII);
          byte[] raw = i % 7 == 0 ? null : bytes(random, false);
          int number = 1000 - i;
          insert.setString(1, text);
          insert.setBytes(2, raw);
          insert.setInt(3, number);
          insert.execute();
          wanted.addFirst(
              hex(raw)
                  + " "
                  + hex(text.getBytes(StandardCharsets.UTF_8))
                  + " "
                  + hex(Integer.toString(number).getBytes(StandardCharsets.UTF_8)));
        }
      }
    }
    assertThat(read(rows("\"Odd\tname\"", false), "B", "a", "3")).isEqualTo(wanted);
    // Whoever reads may have said that bytes are shown otherwise.
    try (Connection connection = postgres.connect();
        var statement = connection.createStatement()) {
      statement.execute("ALTER DATABASE postgres SET bytea_output = escape");
      assertThat(read(rows("\"Odd\tname\"", false), "B", "a", "3")).isEqualTo(wanted);
      statement.execute("ALTER DATABASE postgres RESET bytea_output");
    }
  }

  @Test
  void readsRowsThatAreLarge() throws Exception {
    byte[] large = new byte[300_001];
    new Random(3).nextBytes(large);
    String text = "tab\t".repeat(50_000);
    try (Connection connection = postgres.connect();
        var statement = connection.createStatement()) {
      statement.execute("CREATE TABLE \"user\" (a bytea, b text, c bytea)");
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO \"user\" VALUES (?, ?, ?)")) {
        insert.setBytes(1, large);
        insert.setString(2, text);
        insert.setBytes(3, new byte[0]);
        insert.execute();
      }
    }
    String row = hex(large) + " " + hex(text.getBytes(StandardCharsets.UTF_8)) + " ";
    // Of a table whose name is a word of SQL, quoted or not.
    assertThat(read(rows("\"user\"", false), "a", "b", "c")).containsExactly(row);
    assertThat(read(rows("user", false), "a", "b", "c")).containsExactly(row);
  }

  @Test
  void readsAQuery() throws Exception {
    PostgresRows source =
        rows(
            "SELECT i AS n, 'x' || i AS \"the value\" FROM generate_series(1, 3) i -- all\n ; ",
            true);
    assertThat(read(source, "the value", "n")).containsExactly("7831 31", "7832 32", "7833 33");
    assertThat(read(rows("SELECT 1 AS a -- all", true), "a")).containsExactly("31");
    assertThat(read(rows("TABLE pg_am LIMIT 0", true), "oid")).isEmpty();
    String question = "SELECT 1 AS a, 2 AS a, '{}'::jsonb ? 'k' AS \"k\", '{1}'::int[] AS b";
    assertThat(read(rows(question, true), "k", "b", "2")).containsExactly("66 7b317d 32");
  }

  @Test
  void saysWhatIsWrong() {
    assertThatThrownBy(() -> read(rows("nothing", false), "1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("relation \"nothing\" does not exist");
    assertThatThrownBy(() -> read(rows("SELECT 1 / i FROM generate_series(1, 0) i, x", true), "1"))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(
            () -> read(rows("SELECT 100 / (i - 5000) FROM generate_series(1, 9000) i", true), "1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("division by zero");
    assertThatThrownBy(() -> read(rows("CREATE TABLE made ()", true), "1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("syntax error");
    assertThatThrownBy(() -> read(rows("SELECT 1 AS a", true), "b"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 1 names no column \"b\"; it has: a");
    var elsewhere =
        new PostgresRows("there", "jdbc:postgresql://127.0.0.1:1/x", new Properties(), "t", false);
    assertThatThrownBy(() -> read(elsewhere, "1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("refused");
    String url = "jdbc:postgresql://127.0.0.1:x/db?user=u&password=secret";
    var wrong = new PostgresRows("there", url, new Properties(), "t", false);
    assertThatThrownBy(() -> read(wrong, "1"))
        .isInstanceOf(IOException.class)
        .message()
        .contains("there")
        .doesNotContain("secret");
    assertThatThrownBy(() -> read(new DatabasePairs(data, "here"), "key"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(data.toString());
  }

  @Test
  void readsPairsOfADatabase() throws Exception {
    Random random = new Random(2);
    var identity = new DatabaseIdentity(UUID.randomUUID(), "kv", "bytea", "bytea");
    List<String> wanted = new ArrayList<>();
    Path environment;
    try (var databases =
        DatabaseSet.open(data, StorageOptions.DEFAULT.withMapSize(64L << 20).withoutDurability())) {
      Database database = databases.create(identity);
      try (Appender appender = database.append()) {
        appender.begin(1, 1);
        for (int i = 0; i < 3000; i++) {
          byte[] key = {(byte) (i >> 8), (byte) i};
          byte[] value = new byte[i % 1000 == 7 ? 100_000 : random.nextInt(20)];
          random.nextBytes(value);
          appender.set(key, value);
          wanted.add(hex(key) + " " + hex(value));
        }
        appender.end(new Position(1, 1, 2));
        appender.commit();
      }
    }
    environment = new DatabaseDirectory(data).environment("kv").orElseThrow();
    assertThat(read(new DatabasePairs(environment, "here"), "key", "value")).isEqualTo(wanted);
  }
}
