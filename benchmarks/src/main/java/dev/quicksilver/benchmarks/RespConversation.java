package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * What goes on on one connection from its beginning, byte by byte: how libraries begin, what
 * changes the state of a connection, and what is no RESP.
 *
 * @param turns what is sent and what has to come
 */
record RespConversation(String name, List<Turn> turns) {
  /**
   * Bytes that are sent at once, and the answers to them.
   *
   * @param answers how many come; the last one has the end of the connection, if that comes
   * @param expected what the views show, where the Redis here does not have the command
   */
  record Turn(byte[] sent, int answers, Function<RespAnswer, String> view, List<String> expected) {
    static Turn same(int answers, String... commands) {
      return seen(RespAnswer::whole, answers, commands);
    }

    static Turn seen(Function<RespAnswer, String> view, int answers, String... commands) {
      return new Turn(requests(commands), answers, view, List.of());
    }

    static Turn own(List<String> expected, String... commands) {
      return new Turn(requests(commands), expected.size(), RespAnswer::whole, expected);
    }

    static Turn bytes(int answers, String bytes) {
      return new Turn(bytes.getBytes(ISO_8859_1), answers, RespAnswer::whole, List.of());
    }

    private static byte[] requests(String... commands) {
      var all = new java.io.ByteArrayOutputStream();
      for (String command : commands) {
        all.writeBytes(
            RespSocket.request(
                Arrays.stream(command.split(" ", -1)).map(word -> word.getBytes(UTF_8)).toList()));
      }
      return all.toByteArray();
    }
  }

  /** Runs it; returns all answers. */
  List<RespAnswer> run(int port) throws IOException {
    List<RespAnswer> answers = new ArrayList<>();
    try (RespSocket socket = new RespSocket(port)) {
      for (Turn turn : turns) {
        socket.send(turn.sent);
        for (int i = 0; i < turn.answers; i++) {
          answers.add(socket.read());
        }
      }
    }
    return answers;
  }

  private static RespConversation of(String name, Turn... turns) {
    return new RespConversation(name, List.of(turns));
  }

  private static final Function<RespAnswer, String> WELCOME =
      RespStep.pairsWithout("id", "version");

  private static final String OK = "simple \"OK\"";

  static List<RespConversation> all() {
    List<RespConversation> all = new ArrayList<>();
    all.addAll(libraries());
    all.addAll(subscriptions());
    all.addAll(states());
    all.addAll(lines());
    for (String wrong :
        List.of(
            "*1\r\n+PING\r\n",
            "*1\r\n$abc\r\nPING\r\n",
            "*1\r\n$-5\r\nPING\r\n",
            "*abc\r\nPING\r\n",
            "*2\r\n$4\r\nECHO\r\n:5\r\n",
            "*1\r\n$999999999999\r\nx\r\n",
            "*99999999999\r\n",
            "GET \"unbalanced\r\n",
            "GET 'unbalanced\r\n",
            "GET \"a\"b\r\n")) {
      all.add(of("no RESP " + wrong.strip(), Turn.bytes(2, wrong)));
      all.add(of("PING and no RESP " + wrong.strip(), Turn.bytes(3, "PING\r\n" + wrong)));
    }
    return all;
  }

  /** How libraries of other languages begin, which have no package to be run here. */
  private static List<RespConversation> libraries() {
    List<RespConversation> all = new ArrayList<>();
    all.add(
        of(
            "redis-py, RESP2",
            Turn.own(
                List.of(OK, OK),
                "CLIENT SETINFO LIB-NAME redis-py",
                "CLIENT SETINFO LIB-VER 8.1.0"),
            Turn.same(1, "SELECT 0"),
            Turn.same(2, "PING", "GET a")));
    all.add(
        of(
            "redis-py, RESP3",
            Turn.seen(WELCOME, 1, "HELLO 3"),
            Turn.same(1, "CLIENT SETNAME service"),
            Turn.seen(
                RespStep::firstWord, 1, "CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type none"),
            Turn.own(
                List.of(OK, OK),
                "CLIENT SETINFO LIB-NAME redis-py",
                "CLIENT SETINFO LIB-VER 8.1.0"),
            Turn.same(1, "SELECT 0"),
            Turn.same(2, "PING", "GET a")));
    all.add(
        of(
            "go-redis",
            Turn.seen(WELCOME, 1, "hello 3"),
            Turn.same(2, "select 0", "client setname service"),
            Turn.own(
                List.of(OK, OK),
                "client setinfo LIB-NAME go-redis(,go1.26.0)",
                "client setinfo LIB-VER 9.17.0"),
            Turn.seen(
                RespStep::firstWord,
                1,
                "client maint_notifications on moving-endpoint-type internal-ip"),
            Turn.same(2, "ping", "get a")));
    all.add(
        of(
            "go-redis with a name and RESP2",
            Turn.seen(WELCOME, 1, "hello 2 setname service"),
            Turn.same(2, "client getname", "mget a b")));
    return all;
  }

  private static List<RespConversation> subscriptions() {
    List<RespConversation> all = new ArrayList<>();
    String one = "quicksilver:edge:one";
    String two = "quicksilver:edge:two";
    for (String protocol : List.of("2", "3")) {
      all.add(
          of(
              "subscriptions, RESP" + protocol,
              Turn.seen(WELCOME, 1, "HELLO " + protocol),
              Turn.same(1, "UNSUBSCRIBE"),
              Turn.same(1, "PUNSUBSCRIBE quicksilver:edge:never"),
              Turn.same(2, "SUBSCRIBE " + one + " " + two),
              Turn.same(1, "SUBSCRIBE " + one),
              Turn.same(2, "PSUBSCRIBE quicksilver:edge:* quicksilver:edge:a?"),
              Turn.same(2, "PING", "PING hello"),
              Turn.same(3, "GET a", "ECHO hello", "SELECT 0"),
              Turn.same(1, "NOSUCH a"),
              Turn.same(1, "GET"),
              Turn.same(1, "UNSUBSCRIBE " + one),
              Turn.same(1, "UNSUBSCRIBE never"),
              Turn.same(1, "UNSUBSCRIBE"),
              Turn.same(1, "PUNSUBSCRIBE quicksilver:edge:*"),
              Turn.same(2, "PUNSUBSCRIBE quicksilver:edge:a? never"),
              Turn.same(2, "PING", "GET a"),
              Turn.same(1, "PSUBSCRIBE quicksilver:*"),
              Turn.same(1, "RESET"),
              Turn.same(2, "PING", "GET a"),
              Turn.same(1, "SUBSCRIBE " + one),
              Turn.same(2, "QUIT")));
    }
    return all;
  }

  private static List<RespConversation> states() {
    return List.of(
        of(
            "versions",
            Turn.seen(WELCOME, 1, "HELLO"),
            Turn.same(2, "GET no-such", "MGET no-such a"),
            Turn.seen(WELCOME, 1, "HELLO 3 SETNAME three"),
            Turn.same(3, "GET no-such", "MGET no-such a", "CLIENT GETNAME"),
            Turn.seen(WELCOME, 1, "HELLO"),
            Turn.same(2, "HELLO 4", "HELLO 2 NOSUCH"),
            Turn.same(3, "HELLO 2 SETNAME", "HELLO 2 AUTH a", "RESET now"),
            Turn.same(1, "GET no-such"),
            Turn.seen(WELCOME, 1, "HELLO 2"),
            Turn.same(2, "GET no-such", "CLIENT GETNAME"),
            Turn.seen(WELCOME, 1, "HELLO 3 AUTH default anything SETNAME four"),
            Turn.same(2, "GET no-such", "CLIENT GETNAME"),
            Turn.same(1, "RESET"),
            Turn.same(2, "GET no-such", "CLIENT GETNAME"),
            Turn.same(1, "AUTH default anything"),
            Turn.same(2, "QUIT")),
        of("QUIT with more behind it", Turn.same(3, "PING", "QUIT", "PING")),
        of("QUIT with words", Turn.same(2, "QUIT now")));
  }

  private static List<RespConversation> lines() {
    return List.of(
        of(
            "lines of words",
            Turn.bytes(1, "PING\r\n"),
            Turn.bytes(1, "PING\n"),
            Turn.bytes(1, "  ping   hello  \r\n"),
            Turn.bytes(1, "\r\n\r\nPING\r\n"),
            Turn.bytes(1, "ECHO \"two words\"\r\n"),
            Turn.bytes(1, "ECHO 'two words'\r\n"),
            Turn.bytes(1, "ECHO \"\\x41\\n\\r\\t\\a\\b\\\\\\\"\\q\"\r\n"),
            Turn.bytes(1, "ECHO 'it\\'s \\n'\r\n"),
            Turn.bytes(1, "ECHO \"\"\r\n"),
            Turn.bytes(1, "GET\ta\r\n"),
            Turn.bytes(1, "NOSUCH \"a b\" c\r\n"),
            Turn.bytes(2, "GET a\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n"),
            Turn.bytes(1, "*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n"),
            Turn.bytes(1, "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n")));
  }
}
