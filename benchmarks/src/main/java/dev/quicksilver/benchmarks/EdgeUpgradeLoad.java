package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Readers and writers at a steady rate, and what has become of each read and each write. A read
 * that comes late does not delay the time of the next one.
 */
final class EdgeUpgradeLoad implements AutoCloseable {
  static final String DATABASE = "kv";

  private static final int PAIRS = 10_000;
  private static final int READERS = 8;
  private static final int PIPELINE = 10;
  private static final int WRITERS = 4;
  private static final long NEW_CONNECTION_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final int port;
  private final int readsPerSecond;
  private final int writesPerSecond;
  private final List<RespSocket> sockets = new ArrayList<>();
  private final AtomicLong reads = new AtomicLong();
  private final AtomicLong allReads = new AtomicLong();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger nextWrite = new AtomicInteger();
  private final Histogram readNanos = new Histogram(3);
  private final Histogram lagMillis = new Histogram(3);
  private final Histogram allLagMillis = new Histogram(3);
  private final Set<String> written = ConcurrentHashMap.newKeySet();
  private final List<String> streamed = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private volatile boolean measuring;
  private volatile boolean stopping;
  private volatile boolean writersEnded;
  private long measuredFrom;
  private long measuredTo;
  private int writtenBefore;
  private int writtenAfter;

  /** What became of a part of the time. */
  record Part(
      long reads,
      double longestReadMillis,
      int failed,
      double medianLagMillis,
      double longestLagMillis) {}

  /** What became of all of it. */
  record Result(
      double readsPerSecond, double writesPerSecond, int failed, double longestLagMillis) {}

  EdgeUpgradeLoad(int port, int readsPerSecond, int writesPerSecond) {
    this.port = port;
    this.readsPerSecond = readsPerSecond;
    this.writesPerSecond = writesPerSecond;
  }

  // ---- the pairs that are read

  private static String key(int number) {
    return String.format(Locale.ROOT, "key%08d", number);
  }

  private static String value(String key) {
    return key + "-".repeat(100 - key.length());
  }

  /** The statement that makes them. */
  static String fill() {
    return "INSERT INTO "
        + DATABASE
        + " SELECT 'key' || lpad(i::text, 8, '0'), rpad('key' || lpad(i::text, 8, '0'), 100, '-')"
        + " FROM generate_series(0, "
        + (PAIRS - 1)
        + ") AS i";
  }

  static boolean isFilled(RespSocket socket) {
    try {
      return socket.call("DBSIZE").plain().equals(Integer.toString(PAIRS));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  // ---- its threads

  /** Starts everything. */
  List<Future<?>> start(ExecutorService threads, EmbeddedPostgres postgres) throws IOException {
    List<Future<?>> running = new ArrayList<>();
    RespSocket stream = socket();
    RespSocket subscriber = socket();
    subscriber.call("PSUBSCRIBE", "quicksilver:" + DATABASE + ":w*");
    String last = stream.call("QUICKSILVER", "SEQUENCE").plain();
    running.add(threads.submit(done(() -> stream(stream, last + "-0"))));
    running.add(threads.submit(done(() -> listen(subscriber))));
    for (int i = 0; i < READERS; i++) {
      int seed = i;
      RespSocket socket = socket();
      running.add(threads.submit(done(() -> read(socket, seed))));
    }
    running.add(threads.submit(done(this::connectAndRead)));
    List<Future<?>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      int number = i;
      writers.add(threads.submit(done(() -> write(postgres, number))));
    }
    running.addAll(writers);
    running.add(
        threads.submit(
            done(
                () -> {
                  for (Future<?> each : writers) {
                    each.get();
                  }
                  writersEnded = true;
                })));
    return running;
  }

  /** Something that ends by itself or fails. */
  @FunctionalInterface
  private interface Work {
    void run() throws Exception;
  }

  private static Callable<Boolean> done(Work work) {
    return () -> {
      work.run();
      return true;
    };
  }

  private RespSocket socket() throws IOException {
    RespSocket made = new RespSocket(port);
    sockets.add(made);
    return made;
  }

  private static long awaitDue(long due) {
    long left = due - System.nanoTime();
    while (left > 0) {
      LockSupport.parkNanos(left);
      left = due - System.nanoTime();
    }
    return due;
  }

  private void read(RespSocket socket, int seed) throws IOException {
    Random random = new Random(seed);
    long pause = TimeUnit.SECONDS.toNanos(1) * READERS * PIPELINE / readsPerSecond;
    long due = System.nanoTime();
    while (!stopping) {
      due = awaitDue(due + pause);
      List<String> keys = new ArrayList<>();
      var request = new StringBuilder();
      for (int i = 0; i < PIPELINE; i++) {
        String key = key(random.nextInt(PAIRS));
        keys.add(key);
        request.append("*2\r\n$3\r\nGET\r\n$11\r\n").append(key).append("\r\n");
      }
      long began = System.nanoTime();
      socket.send(request.toString().getBytes(US_ASCII));
      for (String key : keys) {
        RespAnswer answer = socket.read();
        check(answer.plain().equals(value(key)), key, answer);
        if (answer instanceof RespAnswer.Ended) {
          return;
        }
      }
      record(System.nanoTime() - began);
    }
  }

  /** Says how it fails the first times; what is wrong later is counted. */
  private void check(boolean right, String key, RespAnswer answer) {
    if (!right && failed.incrementAndGet() < 5) {
      System.out.println("FAILED: GET " + key + ": " + answer.whole());
    }
    reads.incrementAndGet();
    if (measuring) {
      allReads.incrementAndGet();
    }
  }

  private void record(long nanos) {
    synchronized (readNanos) {
      readNanos.recordValue(nanos);
    }
  }

  /** Each read over a connection of its own, which no listener refuses or resets. */
  private void connectAndRead() {
    Random random = new Random(99);
    byte[] reply = new byte[("$100\r\n".length() + 102)];
    long due = System.nanoTime();
    while (!stopping) {
      due = awaitDue(due + NEW_CONNECTION_NANOS);
      String key = key(random.nextInt(PAIRS));
      long began = System.nanoTime();
      boolean right;
      String what = "";
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(("GET " + key + "\r\n").getBytes(US_ASCII));
        InputStream in = socket.getInputStream();
        int length = in.readNBytes(reply, 0, reply.length);
        what = new String(reply, 0, length, US_ASCII);
        right = what.equals("$100\r\n" + value(key) + "\r\n");
      } catch (IOException e) {
        right = false;
        what = e.toString();
      }
      check(right, key, new RespAnswer.Failed(what));
      record(System.nanoTime() - began);
    }
  }

  private void write(EmbeddedPostgres postgres, int number) throws Exception {
    long pause = TimeUnit.SECONDS.toNanos(1) * WRITERS / writesPerSecond;
    try (Connection connection = postgres.connect();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO " + DATABASE + " VALUES (?, ?)")) {
      long due = System.nanoTime() + pause * number / WRITERS;
      while (!stopping) {
        due = awaitDue(due + pause);
        String key = "w" + nextWrite.incrementAndGet();
        insert.setString(1, key);
        insert.setString(2, value(key));
        insert.executeUpdate();
        written.add(key);
      }
    }
  }

  // ---- who sees the writes

  private boolean isComplete(List<String> seen) {
    return writersEnded && seen.size() >= written.size();
  }

  private void stream(RespSocket socket, String from) throws IOException {
    String last = from;
    while (!isComplete(streamed)) {
      RespAnswer answer =
          socket.call(
              "XREAD", "COUNT", "1000", "BLOCK", "1000", "STREAMS", DATABASE + "_log", last);
      long nowMicros = nowMicros();
      if (answer instanceof RespAnswer.None) {
        continue;
      }
      if (answer.parts().isEmpty()) {
        throw new AssertionError("the stream came to an end: " + answer.whole());
      }
      for (RespAnswer entry : answer.parts().getFirst().parts().getLast().parts()) {
        last = entry.parts().getFirst().plain();
        List<RespAnswer> fields = entry.parts().getLast().parts();
        streamed.add(fields.get(3).plain());
        long lag = Math.max(0, nowMicros - Long.parseLong(fields.get(7).plain())) / 1000;
        synchronized (lagMillis) {
          if (measuring) {
            lagMillis.recordValue(lag);
            allLagMillis.recordValue(lag);
          }
        }
      }
    }
  }

  private static long nowMicros() {
    return java.time.temporal.ChronoUnit.MICROS.between(
        java.time.Instant.EPOCH, java.time.Instant.now());
  }

  private void listen(RespSocket socket) throws IOException {
    while (!isComplete(told)) {
      RespAnswer answer = socket.read();
      if (answer.parts().size() != 4) {
        throw new AssertionError("the subscription came to an end: " + answer.whole());
      }
      String channel = answer.parts().get(2).plain();
      told.add(channel.substring(channel.lastIndexOf(':') + 1));
    }
  }

  // ---- what became of it

  /** Begins to count. */
  void measure() {
    measuredFrom = System.nanoTime();
    writtenBefore = nextWrite.get();
    part();
    measuring = true;
  }

  /** Returns what became of the time since this was last called. */
  Part part() {
    long count = reads.getAndSet(0);
    double longest;
    synchronized (readNanos) {
      longest = readNanos.getMaxValue() / 1e6;
      readNanos.reset();
    }
    synchronized (lagMillis) {
      Part part =
          new Part(
              count,
              longest,
              failed.get(),
              lagMillis.getValueAtPercentile(50),
              lagMillis.getMaxValue());
      lagMillis.reset();
      return part;
    }
  }

  void stop() {
    measuredTo = System.nanoTime();
    writtenAfter = nextWrite.get();
    measuring = false;
    stopping = true;
  }

  /**
   * Compares, and returns what became of everything. To be called when all threads have ended.
   *
   * @throws AssertionError if a change was not seen once, or not in the log's order
   */
  Result result() {
    double seconds = (measuredTo - measuredFrom) / 1e9;
    if (!streamed.equals(told)) {
      throw new AssertionError("XREAD and PSUBSCRIBE have not told the same");
    }
    if (streamed.size() != written.size() || !written.equals(Set.copyOf(streamed))) {
      throw new AssertionError(
          "of " + written.size() + " changes " + streamed.size() + " were told of");
    }
    return new Result(
        allReads.get() / seconds,
        (writtenAfter - writtenBefore) / seconds,
        failed.get(),
        allLagMillis.getMaxValue());
  }

  @Override
  public void close() throws IOException {
    stopping = true;
    for (RespSocket socket : sockets) {
      socket.close();
    }
  }
}
