package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Users;
import dev.quicksilver.storage.FollowedDatabases;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What the loops of a server have in common. Safe for all threads. */
final class Shared {
  final RespConfig config;
  final FollowedDatabases databases;
  final FreshnessWatch freshness;
  final Users users;
  final Memory memory;
  final Cursors cursors = new Cursors();
  final long started = System.currentTimeMillis();

  /** Runs what takes milliseconds, such as checking passwords. */
  final Executor slow;

  final AtomicLong nextClient = new AtomicLong();
  final AtomicInteger connections = new AtomicInteger();
  final AtomicInteger subscribers = new AtomicInteger();
  final LongAdder connectionsTotal = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder commands = new LongAdder();
  final LongAdder hits = new LongAdder();
  final LongAdder misses = new LongAdder();
  final LongAdder events = new LongAdder();
  private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();

  /** Whether rights that could not be judged are to be judged soon. */
  final AtomicBoolean judgeAgain = new AtomicBoolean();

  volatile int port;

  /** Has commits looked for from now on. */
  volatile Runnable wakeWatch = () -> {};

  Shared(RespConfig config, FollowedDatabases databases, Users users, Executor slow) {
    this.config = config;
    this.databases = databases;
    this.freshness = new FreshnessWatch(config.dataDirectory(), java.time.InstantSource.system());
    this.users = users;
    this.memory = new Memory(config.maxMemory());
    this.slow = slow;
  }

  /** Counts an error reply by its first word, of which we have few. */
  void count(String error) {
    int space = error.indexOf(' ');
    errors
        .computeIfAbsent(space < 0 ? error : error.substring(0, space), ignored -> new LongAdder())
        .increment();
  }

  Map<String, Long> errors() {
    Map<String, Long> counted = new TreeMap<>();
    errors.forEach((code, count) -> counted.put(code, count.sum()));
    return counted;
  }
}
