package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.wire.Answer;
import dev.quicksilver.fixtures.wire.WireConnection;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that speak another encoding than UTF-8 read and write the same characters. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientEncodingTest {
  private Bridge bridge;
  private WireConnection connection;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    TestReplica.write(
        data,
        "words",
        "text",
        List.of(pair("café", "crème"), pair("cafe", "plain"), pair("表示", "能"), pair("€", "euro")));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterAll
  void stop() {
    bridge.close();
  }

  @BeforeEach
  void open() throws IOException {
    connection = WireConnection.tcp(bridge.port(), "analyst", "quicksilver");
  }

  @AfterEach
  void close() throws IOException {
    connection.close();
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private void speak(String encoding, String charset) throws IOException {
    connection.require("SET client_encoding = '" + encoding + "'");
    connection.charset(Charset.forName(charset));
  }

  @ParameterizedTest
  @CsvSource({
    "LATIN1,ISO-8859-1,café",
    "WIN1252,windows-1252,€",
    "EUC_JP,EUC-JP,表示",
    "SJIS,Shift_JIS,表示",
    "GB18030,GB18030,表示"
  })
  void aKeyIsFoundAndReadInTheClientsEncoding(String encoding, String charset, String key)
      throws IOException {
    speak(encoding, charset);
    assertThat(
            connection.query("SELECT key FROM words WHERE key = '" + key + "'").rows().toString())
        .isEqualTo("[[" + key + "]]");
    assertThat(connection.extended("SELECT key FROM words WHERE key = $1", List.of(key)).rows())
        .containsExactly(List.of(key));
  }

  @Test
  void errorsComeInTheClientsEncoding() throws IOException {
    speak("LATIN1", "ISO-8859-1");
    assertThat(failure("SELECT \"é\" FROM words")).isEqualTo("42703 column \"é\" does not exist");
    assertThat(failure("FETCH 1 FROM \"é\"")).isEqualTo("34000 cursor \"é\" does not exist");
    assertThat(failure("SELECT key FROM words WHERE key = '表示' OR key > ''"))
        .as("question marks are sent, a kanji is answered")
        .startsWith("22P05 ");
  }

  @Test
  void theEncodingGoesBackWithTheTransaction() throws IOException {
    connection.require("BEGIN");
    speak("LATIN1", "ISO-8859-1");
    connection.require("SELECT 'é'");
    connection.require("ROLLBACK");
    connection.charset(StandardCharsets.UTF_8);
    assertThat(connection.query("SELECT value FROM words WHERE key = 'café'").rows())
        .containsExactly(List.of("crème"));
  }

  @Test
  void aCursorOfAnotherEncodingIsRefusedAndGoesOnInItsOwn() throws IOException {
    connection.require("BEGIN; DECLARE c CURSOR FOR SELECT key FROM words WHERE key > 'd'");
    connection.require("SAVEPOINT s");
    speak("LATIN1", "ISO-8859-1");
    assertThat(failure("FETCH 1 FROM c")).startsWith("0A000 the cursor gives UTF-8");
    connection.require("ROLLBACK TO s");
    connection.charset(StandardCharsets.UTF_8);
    assertThat(connection.query("FETCH 1 FROM c").rows()).containsExactly(List.of("€"));
  }

  private String failure(String sql) throws IOException {
    Answer answer = connection.query(sql);
    return answer
        .failure()
        .map(f -> f.state() + " " + f.message())
        .orElse("none: " + answer.rows());
  }
}
