package dev.quicksilver.benchmarks;

import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A process of {@link FleetBar} with many nodes, each with LMDB environments, threads and
 * connections of its own: {@code relays|edges FOLDER FIRST COUNT DATABASE SEQUENCES PORT…}. Node n
 * follows the n-th of the ports, in turn. Relays print their ports. Edges note when each sequence
 * up to the given one becomes visible, and at a line {@code report} print a line for each: commit
 * time, time at which the last edge had it (both in µs since 1970-01-01 UTC), number of edges; at
 * {@code count SEQUENCE} the number of its edges that have it. Ends with its input.
 */
final class FleetNodes {
  /** Address space for hundreds of environments in one process. */
  private static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(1L << 30);

  private final String database;
  private final AtomicLongArray commitTimes;
  private final AtomicLongArray lastSeen;
  private final AtomicIntegerArray seenBy;
  private final List<AutoCloseable> open = new ArrayList<>();
  private volatile boolean stopping;

  private FleetNodes(String database, int sequences) {
    this.database = database;
    this.commitTimes = new AtomicLongArray(sequences + 1);
    this.lastSeen = new AtomicLongArray(sequences + 1);
    this.seenBy = new AtomicIntegerArray(sequences + 1);
  }

  public static void main(String[] arguments) throws Exception {
    boolean relays = arguments[0].equals("relays");
    Path folder = Path.of(arguments[1]);
    int first = Integer.parseInt(arguments[2]);
    int count = Integer.parseInt(arguments[3]);
    List<String> ports = Arrays.asList(arguments).subList(6, arguments.length);
    FleetNodes nodes = new FleetNodes(arguments[4], Integer.parseInt(arguments[5]));
    for (int i = first; i < first + count; i++) {
      int upstream = Integer.parseInt(ports.get(i % ports.size()));
      nodes.start(relays, folder.resolve(arguments[0] + i), i, upstream);
    }
    System.out.println("ready");
    nodes.serveInput();
    nodes.close();
  }

  private void start(boolean relay, Path data, int number, int upstream) {
    DatabaseSet set = DatabaseSet.open(data, OPTIONS);
    open.add(set);
    NodeIdentity node =
        NodeIdentity.create((relay ? "relay-" : "edge-") + number, "location-" + upstream);
    Subtree subtree = new Subtree();
    if (relay) {
      ReplicationServer server =
          ReplicationServer.start("127.0.0.1", 0, set, node, subtree, ServerOptions.DEFAULT);
      open.add(server);
      System.out.println(server.port());
    }
    open.add(
        Replica.start(
            ReplicationConfig.of(node, List.of(Upstream.primary("127.0.0.1", upstream))),
            set,
            subtree));
    if (!relay) {
      Thread.ofPlatform().daemon(true).name("watch-" + number).start(() -> watch(set));
    }
  }

  private void watch(DatabaseSet set) {
    while (set.get(database).isEmpty() && !stopping) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    Database mine = set.get(database).orElseThrow();
    long seen = 0;
    try {
      while (!stopping) {
        if (mine.awaitCommit(seen, TimeUnit.MILLISECONDS.toNanos(200))) {
          Instant now = Instant.now();
          long micros = TimeUnit.SECONDS.toMicros(now.getEpochSecond()) + now.getNano() / 1_000;
          long last = Math.min(mine.head().lastSequence(), commitTimes.length() - 1L);
          note(mine, seen + 1, last, micros);
          seen = Math.max(last, seen + 1);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void note(Database mine, long from, long to, long micros) {
    for (int sequence = (int) from; sequence <= to; sequence++) {
      lastSeen.accumulateAndGet(sequence, micros, Math::max);
      seenBy.incrementAndGet(sequence);
    }
    if (from <= to && commitTimes.get((int) to) == 0) {
      try (Snapshot snapshot = mine.snapshot()) {
        LogScan log = snapshot.scanLog(from);
        for (LogEntry entry = log.next();
            entry != null && entry.sequence() <= to;
            entry = log.next()) {
          commitTimes.set((int) entry.sequence(), entry.commitTime());
        }
      }
    }
  }

  private void serveInput() throws IOException {
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      if (line.startsWith("count ")) {
        System.out.println(seenBy.get(Integer.parseInt(line.substring("count ".length()))));
        continue;
      }
      StringBuilder report = new StringBuilder();
      for (int sequence = 1; sequence < commitTimes.length(); sequence++) {
        report
            .append(commitTimes.get(sequence))
            .append(' ')
            .append(lastSeen.get(sequence))
            .append(' ')
            .append(seenBy.get(sequence))
            .append('\n');
      }
      System.out.print(report);
      System.out.flush();
    }
  }

  private void close() throws Exception {
    stopping = true;
    for (AutoCloseable part : open.reversed()) {
      part.close();
    }
  }
}
