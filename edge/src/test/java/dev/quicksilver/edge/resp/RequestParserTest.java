package dev.quicksilver.edge.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Commands in bytes, complete or not, right or wrong. */
final class RequestParserTest {
  private final RequestParser parser = new RequestParser();
  private final Request request = new Request();

  private List<String> words(String bytes) {
    byte[] in = bytes.getBytes(ISO_8859_1);
    assertThat(parser.parse(in, 0, in.length, true, request)).isEqualTo(in.length);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < request.count(); i++) {
      words.add(new String(request.bytes(i), ISO_8859_1));
    }
    return words;
  }

  @Test
  void readsArraysOfBulkStrings() {
    assertThat(words("*2\r\n$3\r\nGET\r\n$1\r\na\r\n")).containsExactly("GET", "a");
    assertThat(words("*2\r\n$3\r\nGET\r\n$4\r\n\r\n\0\u00ff\r\n"))
        .containsExactly("GET", "\r\n\0\u00ff");
    assertThat(words("*1\r\n$0\r\n\r\n")).containsExactly("");
    assertThat(words("*0\r\n")).isEmpty();
    assertThat(words("*-1\r\n")).isEmpty();
  }

  @Test
  void readsLinesOfWords() {
    assertThat(words("PING\r\n")).containsExactly("PING");
    assertThat(words("  GET   a \n")).containsExactly("GET", "a");
    assertThat(words("\r\n")).isEmpty();
    assertThat(words("GET \"a b\" 'c d' \"\\x41\\n\\\"\" 'it\\'s'\r\n"))
        .containsExactly("GET", "a b", "c d", "A\n\"", "it's");
    assertThat(words("GET \"\"\r\n")).containsExactly("GET", "");
  }

  @Test
  void waitsForTheRestWhereverItIsCut() {
    for (String whole : List.of("*2\r\n$3\r\nGET\r\n$5\r\nab\r\nc\r\n", "GET \"a b\"\r\n")) {
      byte[] in = whole.getBytes(ISO_8859_1);
      for (int cut = 0; cut < in.length; cut++) {
        assertThat(parser.parse(in, 0, cut, true, request)).as("cut at %s", cut).isZero();
      }
    }
  }

  @Test
  void findsOneCommandAfterTheOther() {
    byte[] in = "PING\r\n*1\r\n$4\r\nQUIT\r\nrest".getBytes(ISO_8859_1);
    int first = parser.parse(in, 0, in.length, true, request);
    assertThat(request.text(0)).isEqualTo("PING");
    int second = parser.parse(in, first, in.length, true, request);
    assertThat(request.text(0)).isEqualTo("QUIT");
    assertThat(parser.parse(in, first + second, in.length, true, request)).isZero();
  }

  private void refused(String bytes, boolean known, String why) {
    byte[] in = bytes.getBytes(ISO_8859_1);
    assertThatThrownBy(() -> parser.parse(in, 0, in.length, known, request))
        .isInstanceOf(RespException.Protocol.class)
        .hasMessageContaining(why);
  }

  @Test
  void refusesWhatIsNoRequest() {
    refused("*1x\r\n", true, "invalid multibulk length");
    refused("*99999999999\r\n", true, "invalid multibulk length");
    refused("*1048577\r\n", true, "invalid multibulk length");
    refused("*\r\n", true, "invalid multibulk length");
    refused("*1\r\n+OK\r\n", true, "expected '$', got '+'");
    refused("*1\r\n\1\r\n", true, "expected '$', got '\\x01'");
    refused("*1\r\n$-1\r\n", true, "invalid bulk length");
    refused("*1\r\n$1048577\r\n", true, "invalid bulk length");
    refused("GET \"a\r\n", true, "unbalanced quotes");
    refused("GET \"a\"b\r\n", true, "unbalanced quotes");
    refused("x".repeat(70_000), true, "too big inline request");
    refused(
        "*2\r\n$1000000\r\n" + "x".repeat(1_000_000) + "\r\n$999999\r\n" + "y".repeat(60_000),
        true,
        "at most 1048576 bytes");
  }

  @Test
  void takesLittleFromWhoIsNotKnown() {
    refused("*11\r\n", false, "unauthenticated multibulk length");
    refused("*1\r\n$16385\r\n", false, "unauthenticated bulk length");
    assertThat(words("*1\r\n$4\r\nPING\r\n")).containsExactly("PING");
  }
}
