package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.BRIDGE_MAX_CONNECTIONS;

import dev.quicksilver.benchmarks.FuzzingClient.Behaviour;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * {@code bridge.fuzz}: fuzzed conversations with a bridge's process, before and after
 * authentication, in plain text and through TLS, and clients that vanish, while a healthy one asks
 * what it knows the answer of. Nothing may end, leak or disturb the healthy client. The bridge runs
 * with a small heap.
 */
final class BridgeFuzzBar implements Bar {
  private static final int CLIENTS = 4;
  private static final int PAIRS = 100_000;

  /** How often each kind comes, of all. */
  private static final List<Behaviour> MIX = mix();

  private final Map<Behaviour, AtomicLong> sent = new EnumMap<>(Behaviour.class);
  private final AtomicLong messages = new AtomicLong();
  private final AtomicLong conversations = new AtomicLong();
  private final AtomicLong asked = new AtomicLong();
  private final AtomicLong longest = new AtomicLong();

  private static List<Behaviour> mix() {
    List<Behaviour> mix = new ArrayList<>();
    Map.of(
            Behaviour.GREETING, 50,
            Behaviour.PLAIN_AFTER_TLS_REQUEST, 3,
            Behaviour.TAMPERED_TLS, 10,
            Behaviour.TAMPERED_SCRAM, 20,
            Behaviour.CONVERSATION, 25,
            Behaviour.CANCEL, 2,
            Behaviour.VANISH, 4)
        .forEach((kind, share) -> mix.addAll(java.util.Collections.nCopies(share, kind)));
    mix.sort(null);
    return mix;
  }

  @Override
  public String name() {
    return "bridge.fuzz";
  }

  @Override
  public String description() {
    return "1 M fuzzed messages to a bridge, TLS cut, clients that vanish: no crash, no leak";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    long wanted = settings.size(1_000_000, 10_000);
    for (Behaviour kind : Behaviour.values()) {
      sent.put(kind, new AtomicLong());
    }
    try (TeamEdge edge = TeamEdge.start(how -> how.with(BRIDGE_MAX_CONNECTIONS, "60"));
        ExecutorService threads = Executors.newCachedThreadPool()) {
      prepare(edge);
      var over = new AtomicBoolean();
      Future<?> healthy = threads.submit(() -> ask(edge, over));
      try {
        var scram = new ScramClient(TeamEdge.password(TeamEdge.OPERATOR));
        SSLContext tls = context(edge);
        fuzz(edge, threads, scram, tls, settings.seed() + 1, wanted / 50 + 2_000);
        BridgeProcessUsage before = settled(edge);
        messages.set(0);
        conversations.set(0);
        sent.values().forEach(each -> each.set(0));
        long began = System.nanoTime();
        var most = new AtomicLong();
        Future<?> watching = threads.submit(() -> watch(edge, over, most));
        fuzz(edge, threads, scram, tls, settings.seed(), wanted);
        double seconds = (System.nanoTime() - began) / 1e9;
        BridgeProcessUsage after = awaitWithin(edge, before);
        over.set(true);
        watching.get();
        healthy.get(2, TimeUnit.MINUTES);
        report(before, after, seconds, most.get());
        return outcome(edge, before, after, wanted);
      } finally {
        over.set(true);
      }
    }
  }

  private static void prepare(TeamEdge edge) throws Exception {
    for (Map.Entry<String, Integer> table : Map.of("big", PAIRS, "small", 1500).entrySet()) {
      edge.sql("SELECT quicksilver.create_database('" + table.getKey() + "')");
      edge.sql(
          "INSERT INTO %s SELECT 'key ' || i, 'value ' || i || repeat('v', 90) FROM generate_series(1, %d) i"
              .formatted(table.getKey(), table.getValue()));
    }
    edge.sql("SELECT quicksilver.wait_for_propagation('big', 1, '2 min')");
    edge.sql("SELECT quicksilver.wait_for_propagation('small', 1, '2 min')");
  }

  private static SSLContext context(TeamEdge edge) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (var in = Files.newInputStream(edge.authorities())) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  /** Asks on one connection, by a seek and by what is evaluated; each answer has to be right. */
  private Void ask(TeamEdge edge, AtomicBoolean over) throws SQLException, InterruptedException {
    try (Connection connection = edge.as(TeamEdge.OPERATOR);
        PreparedStatement seek =
            connection.prepareStatement("SELECT value FROM big WHERE key = ?");
        PreparedStatement evaluated =
            connection.prepareStatement("SELECT upper(value) FROM small WHERE key = ?")) {
      for (int i = 0; !over.get(); i++) {
        int number = 1 + i % 1500;
        String value = "value " + number + "v".repeat(90);
        boolean evaluate = i % 4 == 3;
        long from = System.nanoTime();
        PreparedStatement statement = evaluate ? evaluated : seek;
        statement.setString(1, "key " + number);
        try (ResultSet rows = statement.executeQuery()) {
          String wanted = evaluate ? value.toUpperCase(Locale.ROOT) : value;
          if (!rows.next() || !rows.getString(1).equals(wanted) || rows.next()) {
            throw new AssertionError("the healthy client got another answer about key " + number);
          }
        }
        longest.accumulateAndGet(System.nanoTime() - from, Math::max);
        asked.incrementAndGet();
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
    return null;
  }

  private Void watch(TeamEdge edge, AtomicBoolean over, AtomicLong most)
      throws InterruptedException {
    for (int i = 0; !over.get(); i++) {
      if (i % 1500 == 1499) {
        System.out.printf(Locale.ROOT, "%,d messages up to now%n", messages.get());
      }
      most.accumulateAndGet(BridgeProcessUsage.memory(edge.bridge().pid()), Math::max);
      TimeUnit.MILLISECONDS.sleep(200);
    }
    return null;
  }

  private void fuzz(
      TeamEdge edge,
      ExecutorService threads,
      ScramClient scram,
      SSLContext tls,
      long seed,
      long wanted)
      throws Exception {
    long until = messages.get() + wanted;
    List<Future<?>> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      var seeds = new Random(seed * 31 + i);
      clients.add(
          threads.submit(
              () -> {
                while (messages.get() < until && edge.bridge().isAlive()) {
                  var random = new Random(seeds.nextLong());
                  Behaviour kind = MIX.get(random.nextInt(MIX.size()));
                  int count =
                      new FuzzingClient(edge.port(), TeamEdge.OPERATOR, scram, tls, random)
                          .run(kind);
                  messages.addAndGet(count);
                  conversations.incrementAndGet();
                  sent.getOrDefault(kind, messages).addAndGet(count);
                }
                return null;
              }));
    }
    for (Future<?> client : clients) {
      client.get();
    }
    if (!edge.bridge().isAlive()) {
      throw new AssertionError("the bridge has ended: " + edge.bridge().output());
    }
  }

  /** What the bridge holds once all but the healthy client have gone. */
  private static BridgeProcessUsage settled(TeamEdge edge) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    BridgeProcessUsage now = BridgeProcessUsage.of(edge);
    while (now.connections() > 1 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(500);
      now = BridgeProcessUsage.of(edge);
    }
    TimeUnit.SECONDS.sleep(3); // the evaluator's processes end after their connections
    return BridgeProcessUsage.of(edge);
  }

  private static BridgeProcessUsage awaitWithin(TeamEdge edge, BridgeProcessUsage before)
      throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    BridgeProcessUsage now = BridgeProcessUsage.of(edge);
    while (!now.within(before) && System.nanoTime() < deadline) {
      TimeUnit.SECONDS.sleep(1);
      now = BridgeProcessUsage.of(edge);
    }
    return now;
  }

  private void report(
      BridgeProcessUsage before, BridgeProcessUsage after, double seconds, long most) {
    sent.forEach(
        (kind, number) ->
            System.out.printf(Locale.ROOT, "%-24s %,11d messages%n", kind, number.get()));
    System.out.printf(
        Locale.ROOT,
        "%,d conversations, %,.0f messages/s; the bridge's own memory %.0f MB at most%n  before:"
            + " %s%n  after:  %s%nthe healthy client: %,d right answers, the longest after %d ms%n",
        conversations.get(),
        messages.get() / seconds,
        most / 1e6,
        before,
        after,
        asked.get(),
        longest.get() / 1_000_000);
  }

  private Outcome outcome(
      TeamEdge edge, BridgeProcessUsage before, BridgeProcessUsage after, long wanted)
      throws Exception {
    List<String> crashes =
        edge.bridge()
            .output()
            .lines()
            .filter(
                line ->
                    line.contains("internal error")
                        || line.contains("the evaluator failed")
                        || line.contains("Exception in thread")
                        || (line.contains(" ERROR ") && !line.contains("no memory for it")))
            .toList();
    crashes.stream().distinct().limit(20).forEach(line -> System.out.println("log: " + line));
    long internal = (long) edge.metric("quicksilver_bridge_errors_total{sqlstate=\"XX000\"}");
    boolean memory = after.memory() < (Processes.HEAP_MIB + 256L) << 20;
    int leaks = after.within(before) && memory ? 0 : 1;
    boolean crashed = !edge.bridge().isAlive() || !crashes.isEmpty() || internal > 0;
    return new Outcome(
        String.format(
            Locale.ROOT,
            "%,d messages, %d crashes and internal errors, %d leaks",
            messages.get(),
            crashes.size() + internal,
            leaks),
        "= 0 crashes, 0 leaks, no effect on others",
        messages.get() >= wanted && !crashed && leaks == 0);
  }
}
