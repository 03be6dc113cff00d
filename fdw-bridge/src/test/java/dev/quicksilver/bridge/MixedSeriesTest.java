package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Series of messages that seek and evaluate before one Sync, byte for byte as a driver's. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MixedSeriesTest {
  private static final String SEEK = "SELECT key FROM dns WHERE key = 'a'";
  private static final String EVALUATED = "SELECT upper(key) FROM dns WHERE key = 'a'";

  private Bridge bridge;
  private Socket socket;
  private DataInputStream in;
  private OutputStream out;
  private byte[] cancelKey = new byte[0];

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    byte[] one = "1".getBytes(StandardCharsets.UTF_8);
    TestReplica.write(data, "dns", "text", List.of(Map.entry("a", one), Map.entry("b", one)));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterAll
  void stop() {
    bridge.close();
  }

  @BeforeEach
  void connect() throws IOException {
    socket = new Socket("127.0.0.1", bridge.port());
    socket.setSoTimeout(30_000);
    in = new DataInputStream(socket.getInputStream());
    out = socket.getOutputStream();
    byte[] body = "user\0analyst\0database\0quicksilver\0\0".getBytes(StandardCharsets.UTF_8);
    out.write(
        ByteBuffer.allocate(8 + body.length)
            .putInt(8 + body.length)
            .putInt(3 << 16)
            .put(body)
            .array());
    untilReady();
  }

  @AfterEach
  void leave() throws IOException {
    socket.close();
  }

  private void send(char type, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
    out.write(
        ByteBuffer.allocate(5 + bytes.length)
            .put((byte) type)
            .putInt(4 + bytes.length)
            .put(bytes)
            .array());
  }

  /** Parse, Bind and Execute of a statement without parameters. */
  private void execute(String sql) throws IOException {
    send('P', "\0" + sql + "\0\0\0");
    send('B', "\0\0\0\0\0\0\0\0");
    send('E', "\0\0\0\0\0");
  }

  private void query(String sql) throws IOException {
    send('Q', sql + "\0");
  }

  /** What comes until the bridge is ready: types, with the text of rows, errors and the status. */
  private String untilReady() throws IOException {
    var answer = new StringBuilder();
    while (true) {
      char type = (char) in.readByte();
      byte[] body = in.readNBytes(in.readInt() - 4);
      String text = new String(body, StandardCharsets.UTF_8);
      switch (type) {
        case 'D' -> answer.append("D").append(text.substring(6)).append(' ');
        case 'E' -> answer.append("E").append(text.split("\0C", 2)[1], 0, 5).append(' ');
        case 'K' -> cancelKey = body;
        case 'Z' -> {
          return answer.append('Z').append(text).toString();
        }
        default -> {
          if (type == 'C' || type == 'I' || type == 'G') {
            answer.append(type).append(' ');
          }
        }
      }
    }
  }

  @Test
  void answersBothKindsInOrder() throws IOException {
    execute(SEEK);
    execute(EVALUATED);
    execute(SEEK);
    execute("SET work_mem = '1MB'");
    send('S', "");
    assertThat(untilReady()).isEqualTo("Da C DA C Da C C ZI");
  }

  @Test
  void undoesWhatWasEvaluatedInASeriesThatItRefuses() throws IOException {
    execute("CREATE TEMP TABLE undone (a int)");
    send('B', "\0nosuch\0\0\0\0\0\0\0");
    send('S', "");
    assertThat(untilReady()).isEqualTo("C E26000 ZI");
    query("TABLE undone");
    assertThat(untilReady()).isEqualTo("E42P01 ZI");
    query("BEGIN");
    untilReady();
    execute("CREATE TEMP TABLE undone (a int)");
    send('B', "\0nosuch\0\0\0\0\0\0\0");
    send('S', "");
    assertThat(untilReady()).isEqualTo("C E26000 ZE");
    query("COMMIT");
    assertThat(untilReady()).isEqualTo("C ZI");
    query("TABLE undone");
    assertThat(untilReady()).isEqualTo("E42P01 ZI");
  }

  @Test
  void undoesTheSettingsOfASeriesThatFails() throws IOException {
    execute("SET TIME ZONE 'Asia/Tokyo'");
    execute("SET statement_timeout = '1h'");
    execute("SELECT no_such_function(key) FROM dns");
    send('S', "");
    assertThat(untilReady()).isEqualTo("C C E42883 ZI");
    query("SELECT updated_at FROM dns WHERE key = 'a'");
    assertThat(untilReady()).contains("+00 C ZI");
    query("SELECT concat(current_setting('TimeZone'), ' ', current_setting('statement_timeout'))");
    assertThat(untilReady()).isEqualTo("DGMT 0 C ZI");
    execute("SET TIME ZONE 'Asia/Tokyo'");
    send('S', "");
    untilReady();
    query("SELECT updated_at FROM dns WHERE key = 'a'");
    assertThat(untilReady()).contains("+09 C ZI");
  }

  @Test
  void seesWhatTheSeriesItselfHasChanged() throws IOException {
    execute("CREATE TEMP TABLE dns AS SELECT 'mine'::text AS key");
    execute("SELECT key FROM dns");
    execute("SELECT set_config('search_path', 'public, pg_temp', false) IS NULL");
    execute("SELECT key FROM dns WHERE key = 'a'");
    send('S', "");
    assertThat(untilReady()).isEqualTo("C Dmine C Df C Da C ZI");
  }

  @Test
  void endsASyncThatFails() throws IOException {
    query("CREATE TEMP TABLE unique_once (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    untilReady();
    execute("INSERT INTO unique_once VALUES (1), (1)");
    send('S', "");
    assertThat(untilReady()).isEqualTo("C E23505 ZI");
    send('F', "\0\0\0\1\0\0\0\0\0\0");
    assertThat(untilReady()).startsWith("E").endsWith(" ZI");
  }

  @Test
  void takesACopyAndASimpleQueryWithinASeries() throws IOException {
    query("CREATE TEMP TABLE copied (a int)");
    untilReady();
    execute("COPY copied FROM STDIN");
    send('d', "1\n");
    send('S', "");
    send('c', "");
    send('S', "");
    assertThat(untilReady()).isEqualTo("G C ZI");
    execute(EVALUATED);
    query("TABLE copied");
    assertThat(untilReady()).isEqualTo("DA C D1 C ZI");
    send('S', "");
    assertThat(untilReady()).isEqualTo("ZI");
    execute(EVALUATED);
    send('S', "");
    assertThat(untilReady()).isEqualTo("DA C ZI");
  }

  @Test
  void keepsTheUnnamedStatementOverASavepointOfItsOwn() throws IOException {
    query("BEGIN");
    untilReady();
    execute(EVALUATED);
    send('P', "s\0SAVEPOINT a\0\0\0");
    send('B', "s\0s\0\0\0\0\0\0\0");
    send('E', "s\0\0\0\0\0");
    send('B', "\0\0\0\0\0\0\0\0");
    send('E', "\0\0\0\0\0");
    send('B', "s\0\0\0\0\0\0\0\0");
    send('S', "");
    assertThat(untilReady())
        .as("and the name of a portal is had once")
        .isEqualTo("DA C C DA C E42P03 ZE");
  }

  /** A cancellation that comes between two messages of a series counts for those that follow. */
  @Test
  void cancelsASeriesBetweenItsMessages() throws IOException {
    query(EVALUATED);
    untilReady();
    send('P', "\0SELECT pg_sleep(20)\0\0\0");
    send('H', "");
    assertThat((char) in.readByte()).isEqualTo('1');
    in.readInt();
    try (var other = new Socket("127.0.0.1", bridge.port())) {
      other
          .getOutputStream()
          .write(ByteBuffer.allocate(16).putInt(16).putInt(80877102).put(cancelKey).array());
      assertThat(other.getInputStream().read()).isEqualTo(-1);
    }
    send('B', "\0\0\0\0\0\0\0\0");
    send('E', "\0\0\0\0\0");
    send('S', "");
    assertThat(untilReady()).isEqualTo("E57014 ZI");
    query(SEEK);
    assertThat(untilReady()).isEqualTo("Da C ZI");
  }

  @Test
  void tellsOfAnErrorWithinCopyWhileTheClientWaits() throws IOException {
    query("CREATE TEMPORARY TABLE numbers (number int)");
    untilReady();
    query("COPY numbers FROM STDIN");
    send('d', "no number\n");
    assertThat(untilReady()).isEqualTo("G E22P02 ZI");
    send('d', "2\n");
    send('c', "");
    query("SELECT count(*) FROM numbers");
    assertThat(untilReady()).isEqualTo("D0 C ZI");
  }

  @Test
  void aCopyWhoseClientIsSilentLetsOthersGoOn() throws Exception {
    query("CREATE TEMPORARY TABLE numbers (number int)");
    untilReady();
    query("COPY numbers FROM STDIN");
    send('d', "1\n");
    int turns = bridge.config().maxConcurrentQueries();
    List<Turns.Turn> others = new ArrayList<>();
    for (int i = 0; i < turns; i++) {
      others.add(bridge.turns().take(() -> null)); // the last one is the COPY's
    }
    send('d', "2\n");
    send('c', "");
    others.forEach(Turns.Turn::close);
    assertThat(untilReady()).isEqualTo("G C ZI");
    query("SELECT sum(number) FROM numbers");
    assertThat(untilReady()).isEqualTo("D3 C ZI");
  }

  @Test
  void aCopyThatIsOutOfTimeEndsWhileTheClientIsSilent() throws IOException {
    query("CREATE TEMPORARY TABLE numbers (number int)");
    untilReady();
    query("SET statement_timeout = '300ms'");
    untilReady();
    query("COPY numbers FROM STDIN");
    send('d', "1\n");
    assertThat(untilReady()).isEqualTo("G E57014 ZI");
    send('P', "\0COPY numbers FROM STDIN\0\0\0");
    send('B', "\0\0\0\0\0\0\0\0");
    send('E', "\0\0\0\0\0");
    send('d', "1\n");
    assertThat(untilError()).isEqualTo("57014");
    send('d', "2\n");
    send('S', "");
    assertThat(untilReady()).isEqualTo("ZI");
    query("SELECT count(*) FROM numbers");
    assertThat(untilReady()).isEqualTo("D0 C ZI");
  }

  private String untilError() throws IOException {
    while (true) {
      char type = (char) in.readByte();
      byte[] body = in.readNBytes(in.readInt() - 4);
      if (type == 'E') {
        return new String(body, StandardCharsets.UTF_8).split("\0C", 2)[1].substring(0, 5);
      }
    }
  }
}
