package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Users;
import dev.quicksilver.storage.FollowedDatabases;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** What the loops of a server have in common. Safe for all threads. */
final class Shared {
  volatile RespConfig config;
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

  /** How often each command was run, by its number, and how often one that is none. */
  final List<LongAdder> commands =
      Stream.generate(LongAdder::new).limit(Commands.all().size() + 1).toList();

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

  long commandsTotal() {
    return commands.stream().mapToLong(LongAdder::sum).sum();
  }

  /** Returns how often each command was run that was, in lower case. */
  Map<String, Long> commandsByName() {
    Map<String, Long> counted = new TreeMap<>();
    for (Commands.Command command : Commands.all()) {
      long count = commands.get(command.number()).sum();
      if (count > 0) {
        counted.put(command.name().toLowerCase(Locale.ROOT), count);
      }
    }
    long unknown = commands.getLast().sum();
    if (unknown > 0) {
      counted.put("unknown", unknown);
    }
    return counted;
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
