package dev.quicksilver.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.loader.Source.Format;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LoaderTest {
  private static EmbeddedPostgres postgres;
  private Connection connection;
  private SqlSession session;

  @BeforeAll
  static void start() {
    postgres = EmbeddedPostgres.start();
    Migrations.migrate(postgres.jdbcUrl(), "", "");
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  @BeforeEach
  void create() throws SQLException {
    connection = postgres.connect();
    session = new SqlSession(connection);
    session.execute("SELECT quicksilver.create_database('dns')");
  }

  @AfterEach
  void drop() throws SQLException {
    session.execute("SELECT quicksilver.drop_database('dns')");
    connection.close();
  }

  @Test
  void loadsTheCopyTextThatPostgresWrites() throws Exception {
    String tsv = "a\t1\nb\\tb\tx\\\\y\\nz\nä\t\n";
    assertThat(Loader.load(connection, "dns", source(tsv, Format.TSV)).rows()).isEqualTo(3);
    assertThat(session.query("SELECT value FROM dns WHERE key = E'b\\tb'")).isEqualTo("x\\y\nz");
    assertThat(session.query("SELECT value FROM dns WHERE key = 'ä'")).isEmpty();
  }

  @Test
  void loadsCsvWithQuotesAndLineBreaks() throws Exception {
    String csv = "a,1\r\n\"b,b\",\"say \"\"x\"\"\nand\ty\"\r\n";
    assertThat(Loader.load(connection, "dns", source(csv, Format.CSV)).rows()).isEqualTo(2);
    assertThat(session.query("SELECT value FROM dns WHERE key = 'b,b'"))
        .isEqualTo("say \"x\"\nand\ty");
  }

  @Test
  void loadsInBatches() throws Exception {
    StringBuilder tsv = new StringBuilder();
    for (int i = 0; i < 2500; i++) {
      tsv.append("key").append(i).append('\t').append("v".repeat(i)).append('\n');
    }
    Loader.Report report = Loader.load(connection, "dns", source(tsv.toString(), Format.TSV), 1000);
    assertThat(report).isEqualTo(new Loader.Report(2500, 3));
    assertThat(session.query("SELECT count(*) || ' ' || sum(length(value)) FROM dns"))
        .isEqualTo("2500 " + 2500 * 2499 / 2);
  }

  @Test
  void refusesMalformedRowsByLineAndLoadsNothing() throws Exception {
    refused("a\t1\nb\n", Format.TSV, 2, "no tab");
    refused("a\t1\nb\t2\t3\n", Format.TSV, 2, "more than two columns");
    refused("a\t1\n\\N\t2\n", Format.TSV, 2, "NULL");
    refused("a\t1\n\t2\n", Format.TSV, 2, "the key is empty");
    refused("a\t1\nb\tx\0y\n", Format.TSV, 2, "NUL");
    refused("a\t1\n" + "k".repeat(512) + "\t2\n", Format.TSV, 2, "512 bytes");
    refused("a,\"1\n2\"\nb\n", Format.CSV, 3, "1 columns");
    refused("a,1\nb,\"2\n", Format.CSV, 2, "");
  }

  @Test
  void namesTheLineOfADuplicate() throws Exception {
    LoadException e = refused("a\t1\nb\t2\na\t3\n", Format.TSV, 3, "already exists");
    assertThat(e.rowsCommitted()).isZero();
  }

  @Test
  void keepsEarlierBatchesAndSaysSo() throws Exception {
    LoadException e =
        catchThrowableOfType(
            LoadException.class,
            () -> Loader.load(connection, "dns", source("a\t1\nb\t2\nc\t3\nx\n", Format.TSV), 2));
    assertThat(e.line()).isEqualTo(4);
    assertThat(e.rowsCommitted()).isEqualTo(2);
    assertThat(session.query("SELECT count(*) FROM dns")).isEqualTo("2");
  }

  @Test
  void refusesTextThatIsNotUtf8AndAnUnknownDatabase() throws Exception {
    Source latin =
        new Source(
            "latin.tsv",
            new ByteArrayInputStream("a\té\n".getBytes(StandardCharsets.ISO_8859_1)),
            Format.TSV);
    LoadException coding =
        catchThrowableOfType(LoadException.class, () -> Loader.load(connection, "dns", latin));
    assertThat(coding).hasMessageContaining("latin.tsv, line 1").hasMessageContaining("UTF-8");
    LoadException unknown =
        catchThrowableOfType(
            LoadException.class, () -> Loader.load(connection, "nowhere", source("", Format.TSV)));
    assertThat(unknown).hasMessageContaining("quicksilver.create_database");
  }

  private LoadException refused(String text, Format format, long line, String reason)
      throws Exception {
    LoadException e =
        catchThrowableOfType(
            LoadException.class, () -> Loader.load(connection, "dns", source(text, format)));
    assertThat(e).as(text).isNotNull();
    assertThat(e.getMessage()).contains("test, line " + line).contains(reason);
    assertThat(e.getMessage()).doesNotContain("\n");
    assertThat(session.query("SELECT count(*) FROM dns")).isEqualTo("0");
    return e;
  }

  private static Source source(String text, Format format) {
    return new Source(
        "test", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), format);
  }
}
