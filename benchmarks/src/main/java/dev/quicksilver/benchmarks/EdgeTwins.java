package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * {@code quicksilver serve}, and a Redis that is a replica, too, and holds the same pairs. That its
 * primary is gone does not keep it from answering. Everything is gone after {@link #close()}.
 */
final class EdgeTwins implements AutoCloseable {
  static final String DATABASE = "edge";
  private static final String SERVE = "serve";
  private static final String DATA = "data";

  private final Cluster cluster;
  private final Map<String, byte[]> pairs;
  private final Process redis;
  private final int redisPort = Ports.free();

  private EdgeTwins(Cluster cluster, Map<String, byte[]> pairs) throws IOException {
    this.cluster = cluster;
    this.pairs = pairs;
    redis =
        new ProcessBuilder(
                "redis-server",
                "--port",
                Integer.toString(redisPort),
                "--bind",
                "127.0.0.1",
                "--appendonly",
                "no",
                "--save",
                "",
                "--dir",
                cluster.folder().toString())
            .redirectErrorStream(true)
            .redirectOutput(new File(cluster.folder().toFile(), "redis.log"))
            .start();
  }

  /** Starts both. */
  static EdgeTwins start(long seed) throws Exception {
    SystemPackages.attempt(
        () -> SystemPackages.run(List.of("redis-server", "--version")), "redis-server");
    Cluster cluster = Processes.cluster();
    try {
      Map<String, byte[]> pairs = pairs(new Random(seed));
      write(cluster.data(DATA), pairs);
      cluster.start(NodeSpec.serve(SERVE, DATA));
      cluster.awaitHealthy(SERVE);
      var twins = new EdgeTwins(cluster, pairs);
      try {
        twins.fillRedis();
      } catch (Exception | AssertionError e) {
        twins.close();
        throw e;
      }
      return twins;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** What they hold, by the bytes of the key as ISO 8859-1. */
  private static Map<String, byte[]> pairs(Random random) {
    Map<String, byte[]> pairs = new LinkedHashMap<>();
    for (int i = 0; i < 200; i++) {
      pairs.put("host%03d.example.com".formatted(i), ("192.0.2." + i % 256).getBytes(UTF_8));
    }
    for (String key :
        List.of(
            "a",
            "0",
            "-1",
            "é",
            "😀 key",
            "a key with spaces",
            "two\r\nlines",
            "100%",
            "quo\"te",
            "apo'strophe",
            "back\\slash",
            "a*b",
            "a?b",
            "a[b]c",
            "{slot}key",
            "x".repeat(511),
            "tab\t",
            "$5\r\nhello\r\n",
            "nul\0nul",
            " leading",
            "trailing ",
            "ÿ",
            "K",
            "k")) {
      pairs.put(latin(key), ("value of " + key).getBytes(UTF_8));
    }
    pairs.put("empty", new byte[0]);
    pairs.put("space", " ".getBytes(UTF_8));
    pairs.put("crlf", "\r\n".getBytes(UTF_8));
    pairs.put("number", "42".getBytes(UTF_8));
    pairs.put("json", "{\"a\": [1, 2, \"ü\"]}".getBytes(UTF_8));
    pairs.put("nil", "$-1\r\n".getBytes(UTF_8));
    pairs.put("utf8", "Zażółć gęślą jaźń 😀".getBytes(UTF_8));
    byte[] binary = new byte[256];
    for (int i = 0; i < binary.length; i++) {
      binary[i] = (byte) i;
    }
    pairs.put("all bytes", binary);
    pairs.put(new String(new byte[] {0, 1, 2, (byte) 0xFF, (byte) 0xC3}, ISO_8859_1), binary);
    for (int length : List.of(1, 63, 64, 1000, 16_383, 16_384, 16_385, 100_000, 1 << 20)) {
      byte[] value = new byte[length];
      random.nextBytes(value);
      pairs.put("random " + length, value);
    }
    return pairs;
  }

  /** The UTF-8 of a key, each byte a character. */
  private static String latin(String key) {
    return new String(key.getBytes(UTF_8), ISO_8859_1);
  }

  private static void write(Path data, Map<String, byte[]> pairs) {
    try (var databases = DatabaseSet.open(data, StorageOptions.DEFAULT.withoutDurability())) {
      Database database =
          databases.create(new DatabaseIdentity(UUID.randomUUID(), DATABASE, "text", "bytea"));
      try (Appender appender = database.append()) {
        long lsn = 100;
        for (Map.Entry<String, byte[]> pair : pairs.entrySet()) {
          appender.begin(lsn, 1_704_067_200_000_000L + lsn);
          appender.set(pair.getKey().getBytes(ISO_8859_1), pair.getValue());
          appender.end(new Position(1, 1, lsn + 8));
          lsn += 100;
        }
        appender.commit();
      }
    }
  }

  private void fillRedis() throws IOException, InterruptedException {
    try (RespSocket socket = connectToRedis()) {
      for (Map.Entry<String, byte[]> pair : pairs.entrySet()) {
        socket.call(
            List.of(
                "SET".getBytes(ISO_8859_1), pair.getKey().getBytes(ISO_8859_1), pair.getValue()));
      }
      socket.call("REPLICAOF", "127.0.0.1", Integer.toString(Ports.free()));
      String size = socket.call("DBSIZE").plain();
      if (!size.equals(Integer.toString(pairs.size()))) {
        throw new IOException("the Redis has " + size + " pairs instead of " + pairs.size());
      }
    }
  }

  private RespSocket connectToRedis() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try {
        return new RespSocket(redisPort);
      } catch (ConnectException e) {
        if (!redis.isAlive() || System.nanoTime() - deadline > 0) {
          throw new IOException("redis-server does not start, see redis.log", e);
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  int redisPort() {
    return redisPort;
  }

  int servePort() {
    return cluster.port(SERVE, "resp");
  }

  Path folder() {
    return cluster.folder();
  }

  /** All keys. */
  List<byte[]> keys() {
    List<byte[]> keys = new ArrayList<>();
    pairs.keySet().forEach(key -> keys.add(key.getBytes(ISO_8859_1)));
    return keys;
  }

  @Override
  public void close() throws IOException {
    redis.destroyForcibly().onExit().join();
    cluster.close();
  }
}
