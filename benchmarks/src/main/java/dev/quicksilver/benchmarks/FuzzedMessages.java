package dev.quicksilver.benchmarks;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What clients of PostgreSQL's protocol say, with something wrong in it: start-up packets, and what
 * comes after authentication. Written from PostgreSQL's manual, not by the product.
 */
final class FuzzedMessages {
  /** What is wrong after authentication. */
  enum Kind {
    BIT_FLIPS,
    LENGTHS,
    SHUFFLED,
    COUNTS,
    UNTERMINATED,
    COPY,
    NOISE,
    LARGE
  }

  /** Bytes, and how many messages are in them. */
  record Fuzzed(byte[] bytes, int messages) {}

  static final int PROTOCOL = 3 << 16;
  static final int CANCEL = 80877102;
  static final int SSL = 80877103;
  static final int GSS = 80877104;

  /** The first so many need no evaluator. */
  private static final int SEEKS = 8;

  private static final List<String> STATEMENTS =
      List.of(
          "SELECT value FROM big WHERE key IN ('key 1', 'key 22', 'é', 'nothing')",
          "SELECT * FROM small ORDER BY key DESC LIMIT 3",
          "BEGIN; DECLARE c CURSOR FOR SELECT key FROM big; FETCH 3 FROM c",
          "FETCH 2 FROM c; CLOSE c; COMMIT",
          "ROLLBACK",
          "SELECT value FROM big WHERE key = 'key 17'",
          "SELECT key FROM big ORDER BY key LIMIT 5",
          "SELECT count(*) FROM small",
          "SELECT upper(key) FROM small WHERE key LIKE '%7'",
          "SELECT * FROM small_log WHERE sequence = 3",
          "DECLARE d SCROLL CURSOR WITH HOLD FOR SELECT upper(key) FROM small",
          "FETCH BACKWARD 2 FROM d; CLOSE ALL",
          "BEGIN; SAVEPOINT s; SELECT 1/0",
          "ROLLBACK TO s; RELEASE s; COMMIT",
          "CREATE TEMP TABLE mine (a text); INSERT INTO mine VALUES ('x'); DROP TABLE mine",
          "COPY small TO STDOUT",
          "EXPLAIN SELECT key FROM big",
          "SET client_encoding = 'LATIN1'; RESET client_encoding",
          "SET quicksilver.max_lag = '1d'; SHOW quicksilver.max_lag",
          "PREPARE p AS SELECT key FROM small WHERE key = $1; EXECUTE p('key 1'); DEALLOCATE ALL",
          "LISTEN x; NOTIFY x; DISCARD ALL",
          "SELECT 'é\u4e2d', E'\\u0041', U&'\\0041', $a$ $$ $a$, 1e400, /* /* */ */ -- x\n 2",
          ";;",
          "");

  private static final List<String> COPIES =
      List.of(
          "CREATE TEMP TABLE t (a text); COPY t FROM STDIN",
          "COPY small FROM STDIN",
          "COPY (SELECT upper(key) FROM small) TO STDOUT",
          "COPY big TO STDOUT (FORMAT binary)");

  private final Random random;

  FuzzedMessages(Random random) {
    this.random = random;
  }

  /** A message with its length. */
  static byte[] message(char type, byte[] body) {
    return ByteBuffer.allocate(5 + body.length)
        .put((byte) type)
        .putInt(4 + body.length)
        .put(body)
        .array();
  }

  /** A packet without a type, which is how connections begin. */
  static byte[] packet(int code, byte[] body) {
    return ByteBuffer.allocate(8 + body.length)
        .putInt(8 + body.length)
        .putInt(code)
        .put(body)
        .array();
  }

  /** A text with its end. */
  static byte[] text(String text) {
    return (text + "\0").getBytes(StandardCharsets.UTF_8);
  }

  /** A valid start-up packet. */
  static byte[] startup(String user) {
    return packet(PROTOCOL, text("user\0" + user + "\0database\0quicksilver\0"));
  }

  /** What begins a connection with something wrong in it. */
  Fuzzed greeting(String user) {
    byte[] valid = startup(user);
    return switch (random.nextInt(10)) {
      case 0 -> new Fuzzed(noise(1 + random.nextInt(300)), 1);
      case 1 -> new Fuzzed(Arrays.copyOf(valid, random.nextInt(valid.length)), 1);
      case 2 -> {
        int length = random.nextBoolean() ? random.nextInt() : 10_000 + random.nextInt(100);
        ByteBuffer.wrap(valid).putInt(length);
        yield new Fuzzed(join(List.of(valid, noise(random.nextInt(12_000)))), 1);
      }
      case 3 -> new Fuzzed(packet(version(), noise(random.nextInt(200))), 1);
      case 4 ->
          new Fuzzed(
              List.of(
                      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                      "SSH-2.0-OpenSSH_9.6\r\n",
                      "*1\r\n$4\r\nPING\r\n",
                      "QSREPL\r\n",
                      "\0\0\0\0\0\0\0\0")
                  .get(random.nextInt(5))
                  .getBytes(StandardCharsets.US_ASCII),
              1);
      case 5 -> new Fuzzed(packet(CANCEL, noise(random.nextInt(300))), 1);
      case 6 -> { // in one piece: what comes in plain text behind the request is refused
        byte[] behind = random.nextBoolean() ? valid : noise(random.nextInt(100));
        yield new Fuzzed(join(List.of(packet(SSL, new byte[0]), behind)), 2);
      }
      case 7 -> requests();
      case 8 -> parameters(user);
      default -> {
        for (int i = random.nextInt(6); i >= 0; i--) {
          flip(valid, 0);
        }
        yield new Fuzzed(valid, 1);
      }
    };
  }

  private int version() {
    return switch (random.nextInt(5)) {
      case 0 -> 2 << 16;
      case 1 -> PROTOCOL + random.nextInt(1 << 16);
      case 2 -> CANCEL + random.nextInt(6);
      case 3 -> 0;
      default -> random.nextInt();
    };
  }

  private Fuzzed requests() {
    List<byte[]> all = new ArrayList<>();
    for (int i = random.nextInt(20); i >= 0; i--) {
      all.add(packet(random.nextInt(8) == 0 ? SSL : GSS, noise(random.nextInt(3))));
    }
    return new Fuzzed(join(all), all.size());
  }

  private Fuzzed parameters(String user) {
    var text = new StringBuilder("user\0" + user + "\0");
    for (int i = random.nextInt(60); i >= 0; i--) {
      String name =
          List.of("database", "options", "_pq_.x" + i, "replication", "user", "client_encoding", "")
              .get(random.nextInt(7));
      text.append(name).append('\0').append("-c x=\\ 'y".repeat(random.nextInt(12)));
      text.append(random.nextInt(20) == 0 ? "" : "\0");
    }
    byte[] body = text(text.toString());
    return new Fuzzed(packet(PROTOCOL + random.nextInt(4), body), 1);
  }

  /** A conversation after authentication. */
  Fuzzed conversation(Kind kind) {
    List<byte[]> messages = new ArrayList<>();
    boolean evaluating = random.nextInt(6) == 0; // which costs a process of the evaluator
    for (int i = 10 + random.nextInt(70); i >= 0; i--) {
      messages.addAll(exchange(evaluating));
    }
    switch (kind) {
      case BIT_FLIPS -> {
        for (int i = random.nextInt(40); i >= 0; i--) {
          byte[] one = messages.get(random.nextInt(messages.size()));
          flip(one, random.nextInt(60) == 0 || one.length == 5 ? 0 : 5);
        }
      }
      case LENGTHS -> {
        int length = random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(40);
        byte[] one = messages.get(messages.size() / 2 + random.nextInt(messages.size() / 2));
        ByteBuffer.wrap(one).putInt(1, length);
      }
      case SHUFFLED -> Collections.shuffle(messages, random);
      case COUNTS -> insert(messages, this::counts);
      case UNTERMINATED ->
          insert(messages, () -> message("QPBDEC".charAt(random.nextInt(6)), unterminated()));
      case COPY -> insert(messages, this::copying);
      case NOISE ->
          insert(messages, () -> message((char) random.nextInt(256), noise(random.nextInt(200))));
      case LARGE -> {
        byte[] body = new byte[(1 << random.nextInt(23)) + random.nextInt(1000)];
        Arrays.fill(body, (byte) ' ');
        byte[] large = message("QPBd".charAt(random.nextInt(4)), body);
        messages.add(random.nextInt(messages.size()), large);
        if (random.nextBoolean()) { // it promises more than it has
          ByteBuffer.wrap(large).putInt(1, random.nextInt(64 << 20));
        }
      }
    }
    return new Fuzzed(join(messages), messages.size());
  }

  private interface Maker {
    byte[] make();
  }

  private void insert(List<byte[]> messages, Maker maker) {
    for (int i = 1 + random.nextInt(30); i > 0; i--) {
      messages.add(random.nextInt(messages.size()), maker.make());
    }
  }

  /** A few valid messages that belong together. */
  private List<byte[]> exchange(boolean evaluating) {
    String sql = STATEMENTS.get(random.nextInt(evaluating ? STATEMENTS.size() : SEEKS));
    if (random.nextInt(3) == 0) {
      return List.of(message('Q', text(sql)));
    }
    String name = random.nextBoolean() ? "" : "s" + random.nextInt(3);
    List<byte[]> all = new ArrayList<>();
    boolean seek = !evaluating || random.nextBoolean();
    String from = seek ? "SELECT value FROM big" : "SELECT upper(value) FROM small";
    all.add(message('P', join(List.of(text(name), text(from + " WHERE key = $1"), new byte[2]))));
    byte[] value = "key 7".getBytes(StandardCharsets.US_ASCII);
    all.add(
        message(
            'B',
            ByteBuffer.allocate(name.length() + value.length + 14)
                .put((byte) 0)
                .put(text(name))
                .putShort((short) 0)
                .putShort((short) 1)
                .putInt(value.length)
                .put(value)
                .putShort((short) 1)
                .putShort((short) random.nextInt(2))
                .array()));
    if (random.nextBoolean()) {
      all.add(message('D', text((random.nextBoolean() ? "P" : "S" + name))));
    }
    all.add(message('E', new byte[] {0, 0, 0, 0, (byte) random.nextInt(3)}));
    if (random.nextInt(3) == 0) {
      all.add(message('C', text("S" + name)));
    }
    all.add(message(random.nextInt(6) == 0 ? 'H' : 'S', new byte[0]));
    return all;
  }

  private byte[] counts() {
    ByteBuffer body = ByteBuffer.allocate(40);
    int huge = List.of(0xffff, 0x7fff, 0x8000, 1000).get(random.nextInt(4));
    int size =
        List.of(-1, -2, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 30).get(random.nextInt(5));
    switch (random.nextInt(5)) {
      case 0 -> body.putShort((short) 0).putShort((short) huge); // Bind: formats of parameters
      case 1 -> body.putShort((short) 0).putShort((short) 0).putShort((short) huge);
      case 2 -> body.putShort((short) 0).putInt(1).putInt(size);
      case 3 -> {
        return message('E', ByteBuffer.allocate(5).put((byte) 0).putInt(size).array());
      }
      default -> {
        return message(
            'P', body.put((byte) 0).put(text("SELECT $1")).putShort((short) huge).array());
      }
    }
    return message('B', body.array());
  }

  private byte[] unterminated() {
    byte[] body = noise(1 + random.nextInt(60));
    for (int i = 0; i < body.length; i++) {
      body[i] |= 1;
    }
    return body;
  }

  private byte[] copying() {
    return switch (random.nextInt(6)) {
      case 0 -> message('c', new byte[0]);
      case 1 -> message('f', text("no more"));
      case 2 -> message('F', noise(random.nextInt(60)));
      case 3 -> message('d', noise(random.nextInt(2000)));
      case 4 -> message('d', text("a\tb\nc\n\\.\n"));
      default -> message('Q', text(COPIES.get(random.nextInt(COPIES.size()))));
    };
  }

  /** Random bytes. */
  byte[] noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Turns one bit round, not before a place. */
  void flip(byte[] bytes, int from) {
    if (bytes.length > from) {
      bytes[from + random.nextInt(bytes.length - from)] ^= (byte) (1 << random.nextInt(8));
    }
  }

  static byte[] join(List<byte[]> parts) {
    var all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
