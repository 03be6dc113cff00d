package dev.quicksilver.benchmarks;

import static dev.quicksilver.benchmarks.RespStep.own;
import static dev.quicksilver.benchmarks.RespStep.same;
import static dev.quicksilver.benchmarks.RespStep.seen;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What clients ask: every command that {@code docs/edge.md} names, and what is wrong with some. */
final class RespScript {
  /** How many keys a step of SCAN looks at, so that one step has all. */
  private static final int ALL = 100_000;

  private RespScript() {}

  /** All that every client can send on one connection, in this order. */
  static List<RespStep> of(List<byte[]> keys) {
    return Stream.of(
            reads(keys), scans(), wrongReads(), connection(), server(), refusals(), logs(keys))
        .flatMap(List::stream)
        .toList();
  }

  private static List<RespStep> reads(List<byte[]> keys) {
    List<RespStep> steps = new ArrayList<>();
    for (byte[] key : keys) {
      steps.add(same("GET", key));
      steps.add(same("STRLEN", key));
    }
    List<byte[]> odd = keys.subList(190, keys.size());
    List<byte[]> some = new ArrayList<>(odd);
    for (Object missing : List.of("", "no such key", "y".repeat(512), "z".repeat(5000))) {
      some.add(missing.toString().getBytes(UTF_8));
    }
    for (byte[] key : some) {
      for (String command :
          List.of("GET", "EXISTS", "TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "TOUCH")) {
        steps.add(same(command, key));
      }
      for (List<String> range :
          List.of(
              List.of("0", "-1"),
              List.of("0", "0"),
              List.of("1", "3"),
              List.of("-3", "-1"),
              List.of("-100", "100"),
              List.of("5", "2"),
              List.of("-1", "-5"),
              List.of("3", "-300"),
              List.of("100", "200"),
              List.of("0", "9223372036854775807"),
              List.of("-9223372036854775808", "-1"),
              List.of("-9223372036854775808", "9223372036854775807"))) {
        steps.add(same("GETRANGE", key, range.get(0), range.get(1)));
      }
      steps.add(same("SUBSTR", key, "1", "-2"));
    }
    steps.add(same(all("MGET", keys.subList(0, 200))));
    steps.add(same(all("MGET", some)));
    steps.add(same(all("EXISTS", some)));
    steps.add(same(all("TOUCH", some)));
    steps.add(same("MGET", "a", "a", "no such key", "a"));
    steps.add(same("EXISTS", "a", "a", "no such key", "a"));
    steps.add(same("get", "a"));
    steps.add(same("mGeT", "a", "b"));
    steps.add(same("DBSIZE"));
    return steps;
  }

  private static Object[] all(String command, List<byte[]> keys) {
    Object[] words = new Object[keys.size() + 1];
    words[0] = command;
    for (int i = 0; i < keys.size(); i++) {
      words[i + 1] = keys.get(i);
    }
    return words;
  }

  private static List<RespStep> scans() {
    List<RespStep> steps = new ArrayList<>();
    steps.add(seen(RespStep::scanned, "SCAN", "0", "COUNT", ALL));
    for (String pattern :
        List.of(
            "*",
            "host*",
            "*1",
            "h?st*",
            "host[0-3]*",
            "host[^0-3]*",
            "host0[9-0]*",
            "a\\*b",
            "a\\?b",
            "a\\[b\\]c",
            "[abc",
            "",
            "***a",
            "a key*",
            "é*",
            "*\n*",
            "?",
            "??",
            "[\\a-c]",
            "host00[13579].example.com",
            "host000.example.com",
            "no such*",
            "*é*",
            "{slot}*",
            "back\\\\slash",
            "h*e*.c*m",
            "host1*5.*",
            "[^a]",
            "[a-]",
            "[]",
            "a[]b",
            "\\",
            "random *",
            "\0*",
            "x*x")) {
      steps.add(seen(RespStep::scanned, "SCAN", "0", "MATCH", pattern, "COUNT", ALL));
    }
    for (String type : List.of("string", "STRING", "list", "stream", "nonsense")) {
      steps.add(seen(RespStep::scanned, "SCAN", "0", "TYPE", type, "COUNT", ALL));
    }
    steps.add(
        seen(
            RespStep::scanned,
            "scan",
            "0",
            "count",
            ALL,
            "type",
            "string",
            "match",
            "*2*",
            "COUNT",
            ALL));
    return steps;
  }

  private static List<RespStep> wrongReads() {
    List<RespStep> steps = new ArrayList<>();
    for (String line :
        List.of(
            "GET",
            "GET a b",
            "get",
            "MGET",
            "EXISTS",
            "STRLEN",
            "STRLEN a b",
            "TYPE",
            "TYPE a b",
            "TTL",
            "PTTL a b",
            "TOUCH",
            "GETRANGE a",
            "GETRANGE a 1",
            "GETRANGE a 1 2 3",
            "GETRANGE a x 1",
            "GETRANGE a 1 y",
            "GETRANGE a 1.5 2",
            "GETRANGE a +1 2",
            "GETRANGE a 01 2",
            "GETRANGE a 9223372036854775808 1",
            "GETRANGE nokey x 1",
            "SUBSTR a 1",
            "SCAN",
            "SCAN abc",
            "SCAN 1.5",
            "SCAN 18446744073709551616",
            "SCAN 0 COUNT 0",
            "SCAN 0 COUNT -5",
            "SCAN 0 COUNT abc",
            "SCAN 0 COUNT",
            "SCAN 0 MATCH",
            "SCAN 0 FOO bar",
            "SCAN 0 TYPE",
            "DBSIZE x",
            "ECHO",
            "ECHO a b",
            "PING a b",
            "TIME x",
            "SELECT",
            "SELECT 0 1",
            "EXPIRETIME",
            "NOSUCH",
            "NOSUCH a b c",
            "nosuch x",
            "CLIENT",
            "CLIENT NOSUCH",
            "CLIENT nosuch a",
            "CLIENT SETNAME",
            "CLIENT SETNAME a b",
            "CLIENT GETNAME x",
            "CLIENT ID x",
            "CLIENT INFO x",
            "CLIENT NO-EVICT",
            "CLIENT NO-EVICT maybe",
            "CLIENT GETREDIR x",
            "CONFIG",
            "CONFIG GET",
            "CONFIG NOSUCH",
            "COMMAND NOSUCH",
            "COMMAND COUNT x",
            "AUTH",
            "AUTH a b c",
            "AUTH secret",
            "SUBSCRIBE",
            "PSUBSCRIBE",
            "HELLO 4",
            "HELLO abc",
            "HELLO 1",
            "XLEN",
            "XRANGE a",
            "XREAD COUNT 1",
            "XRANGE a - + COUNT")) {
      steps.add(same((Object[]) line.split(" ")));
    }
    steps.add(seen(RespStep::beginning, "SELECT", "99"));
    steps.add(seen(RespStep::beginning, "SELECT", "-1"));
    steps.add(same("NOSUCH", "x".repeat(200), "y".repeat(200)));
    steps.add(same("N".repeat(200), "a"));
    steps.add(same("NOSUCH", "two\r\nlines"));
    steps.add(same("", "a"));
    steps.add(same("SCAN", " 0"));
    steps.add(same("GETRANGE", "a", "", "1"));
    steps.add(same("GETRANGE", "a", " 1", "1"));
    steps.add(same("CLIENT", "SETNAME", "a name"));
    steps.add(same("CLIENT", "SETNAME", "two\nlines"));
    return steps;
  }

  private static List<RespStep> connection() {
    return List.of(
        same("PING"),
        same("PING", "hello"),
        same("PING", ""),
        same("ping", "two\r\nlines"),
        same("ECHO", "hello"),
        same("ECHO", ""),
        same("ECHO", new byte[] {0, 13, 10, (byte) 0xFF}),
        same("CLIENT", "SETNAME", ""),
        same("CLIENT", "GETNAME"),
        same("CLIENT", "SETNAME", "a-name"),
        same("client", "getname"),
        seen(RespStep::client, "CLIENT", "INFO"),
        same("SELECT", "0"),
        seen(RespStep::client, "CLIENT", "INFO"),
        same("CLIENT", "SETNAME", ""),
        same("CLIENT", "GETNAME"),
        seen(RespAnswer::shape, "CLIENT", "ID"),
        same("CLIENT", "GETREDIR"),
        same("CLIENT", "NO-EVICT", "ON"),
        same("CLIENT", "NO-EVICT", "off"),
        // Redis has had it since 7.2, Debian 12 has 7.0.
        own("OK", RespAnswer::plain, "CLIENT", "SETINFO", "LIB-NAME", "a-library"),
        own("OK", RespAnswer::plain, "CLIENT", "SETINFO", "lib-ver", "1.2.3"),
        seen(RespStep.pairsWithout("id", "version"), "HELLO"),
        same("GET", "a"));
  }

  private static List<RespStep> server() {
    List<RespStep> steps = new ArrayList<>();
    for (String settings :
        List.of("save", "appendonly", "timeout", "no-such", "save timeout", "time?ut")) {
      steps.add(
          seen(
              RespStep.pairsWithout(),
              Stream.concat(Stream.of("CONFIG", "GET"), Arrays.stream(settings.split(" ")))
                  .toArray()));
    }
    steps.add(seen(RespAnswer::shape, "COMMAND", "COUNT"));
    steps.add(seen(RespAnswer::kind, "COMMAND"));
    steps.add(seen(RespAnswer::kind, "COMMAND", "LIST"));
    for (String command :
        ("get MGET exists strlen getrange substr type ttl "
                + "pttl expiretime pexpiretime touch scan dbsize keys randomkey "
                + "ping echo quit reset hello auth select client "
                + "readonly info config command time subscribe psubscribe unsubscribe "
                + "punsubscribe xread xrange xlen no-such")
            .split(" ", -1)) {
      steps.add(seen(RespStep::commands, "COMMAND", "INFO", command));
    }
    steps.add(seen(RespStep::commands, "COMMAND", "INFO", "get", "no-such", "mget"));
    steps.add(seen(RespStep::docs, "COMMAND", "DOCS", "get", "mget"));
    steps.add(seen(RespStep::docs, "COMMAND", "DOCS", "no-such"));
    steps.add(seen(RespStep::info, "INFO"));
    steps.add(seen(RespStep::info, "INFO", "replication"));
    steps.add(seen(RespStep::info, "info", "SERVER", "keyspace"));
    steps.add(seen(RespStep::info, "INFO", "everything"));
    steps.add(same("INFO", "no-such"));
    steps.add(seen(RespAnswer::shape, "TIME"));
    return steps;
  }

  private static List<RespStep> refusals() {
    List<RespStep> steps = new ArrayList<>();
    for (String write :
        List.of(
            "SET a b",
            "SET newkey b EX 10",
            "DEL a",
            "UNLINK a",
            "INCR number",
            "DECRBY number 5",
            "APPEND a b",
            "EXPIRE a 10",
            "PERSIST a",
            "MSET a b c d",
            "SETNX a b",
            "SETEX a 10 b",
            "GETSET a b",
            "GETDEL a",
            "GETEX a PERSIST",
            "RENAME a b",
            "COPY a b",
            "HSET h f v",
            "LPUSH l v",
            "SADD s m",
            "ZADD z 1 m",
            "XADD x * f v",
            "PFADD p e",
            "SETRANGE a 0 b",
            "SETBIT a 1 1",
            "FLUSHDB",
            "FLUSHALL",
            "MOVE a 1",
            "RPOPLPUSH a b",
            "GEOADD g 1 2 m",
            "SORT a STORE b",
            "ZRANGESTORE a b 0 1",
            "SINTERSTORE a b",
            "SDIFFSTORE a b",
            "SUNIONSTORE a b",
            "ZUNIONSTORE a 1 b",
            "ZINTERSTORE a 1 b",
            "ZDIFFSTORE a 1 b",
            "ZREMRANGEBYSCORE a 0 1",
            "ZREMRANGEBYRANK a 0 1",
            "ZREMRANGEBYLEX a - +",
            "LMPOP 1 a LEFT",
            "ZMPOP 1 a MIN",
            "GEORADIUS g 1 2 3 m STORE b",
            "GEOSEARCHSTORE a b FROMMEMBER m BYRADIUS 1 m",
            "BRPOPLPUSH a b 1",
            "BLMPOP 1 1 a LEFT",
            "BZMPOP 1 1 a MIN",
            "XREADGROUP GROUP g c STREAMS a >")) {
      steps.add(seen(RespStep::firstWord, (Object[]) write.split(" ")));
    }
    return steps;
  }

  /** What Redis does not have. */
  private static List<RespStep> logs(List<byte[]> keys) {
    String log = EdgeTwins.DATABASE + "_log";
    String last = Integer.toString(keys.size());
    return List.of(
        own(last, RespAnswer::plain, "XLEN", log),
        own("3 4", RespScript::ids, "XRANGE", log, "3", "4"),
        own("1", RespScript::ids, "XRANGE", log, "-", "+", "COUNT", "1"),
        own(
            last,
            answer -> ids(answer.parts().isEmpty() ? answer : stream(answer)),
            "XREAD",
            "COUNT",
            "1",
            "STREAMS",
            log,
            keys.size() - 1),
        own("nothing", RespScript::nothing, "XREAD", "STREAMS", log, last),
        own("nothing", RespScript::nothing, "XREAD", "BLOCK", "10", "STREAMS", log, "$"),
        own("error ERR", RespStep::firstWord, "XRANGE", "no-such-stream", "-", "+"),
        own(last, RespAnswer::plain, "QUICKSILVER", "SEQUENCE"));
  }

  private static String nothing(RespAnswer answer) {
    return answer instanceof RespAnswer.None ? "nothing" : answer.whole();
  }

  /** The sequences of entries: what comes behind them in an id is of the database. */
  private static String ids(RespAnswer entries) {
    return entries.parts().stream()
        .map(entry -> entry.parts().isEmpty() ? entry.whole() : entry.parts().getFirst().plain())
        .map(id -> id.replaceFirst("-[1-9][0-9]*$", ""))
        .reduce((a, b) -> a + " " + b)
        .orElse(entries.whole());
  }

  /**
   * The entries of the first stream: of a map the first value, of a list that of its first pair.
   */
  private static RespAnswer stream(RespAnswer answer) {
    RespAnswer first = answer.parts().getFirst();
    return first.parts().isEmpty() ? answer.parts().getLast() : first.parts().getLast();
  }
}
