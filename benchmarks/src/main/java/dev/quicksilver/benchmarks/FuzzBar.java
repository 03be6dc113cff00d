package dev.quicksilver.benchmarks;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.quicksilver.benchmarks.FuzzedFrames.Fuzzed;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.replication.DatabaseStatus;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code replication.fuzz}: fuzzed conversations with a server that has a healthy follower under
 * write load, and with followers that a fake server answers. Nothing may end, leak or disturb the
 * healthy follower.
 */
final class FuzzBar implements Bar {
  private static final int CLIENTS = 4;
  private static final String HOST = "127.0.0.1";

  /** The healthy follower is not given up because the machine is busy. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Map<FuzzedFrames.Kind, AtomicLong> sent = new EnumMap<>(FuzzedFrames.Kind.class);
  private final AtomicLong messages = new AtomicLong();
  private final AtomicLong conversations = new AtomicLong();

  @Override
  public String name() {
    return "replication.fuzz";
  }

  @Override
  public String description() {
    return "1 M fuzzed messages to servers and followers: no crash, no leak, no effect on others";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  private void count(Fuzzed fuzzed) {
    Objects.requireNonNull(sent.get(fuzzed.kind())).addAndGet(fuzzed.messages());
    messages.addAndGet(fuzzed.messages());
    conversations.incrementAndGet();
  }

  /** What may leak. */
  private record Usage(long files, int threads, long heap) {
    static Usage now() {
      UnixOperatingSystemMXBean system =
          (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      System.gc();
      return new Usage(
          system.getOpenFileDescriptorCount(),
          ManagementFactory.getThreadMXBean().getThreadCount(),
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }

    /** Some slack for what the JVM itself opens and keeps. */
    boolean within(Usage before) {
      return files <= before.files + 2
          && threads <= before.threads + 2
          && heap <= before.heap + (16 << 20);
    }

    @Override
    public String toString() {
      return String.format("%d files, %d threads, %.1f MB heap", files, threads, heap / 1e6);
    }
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    long wanted = settings.size(1_000_000, 20_000);
    for (FuzzedFrames.Kind kind : FuzzedFrames.Kind.values()) {
      sent.put(kind, new AtomicLong());
    }
    Path folder = Files.createTempDirectory("quicksilver-fuzz-");
    NodeIdentity identity = NodeIdentity.create("root", "here");
    NodeIdentity healthy = NodeIdentity.create("healthy", "here");
    try (DatabaseSet roots = DatabaseSet.open(folder.resolve("root"), FaultModel.OPTIONS);
        DatabaseSet copies = DatabaseSet.open(folder.resolve("healthy"), FaultModel.OPTIONS)) {
      Database database = FaultNode.create(roots);
      FaultModel model = FaultModel.of(settings.seed());
      for (int i = 0; i < 20; i++) {
        model.commit(database);
      }
      try (ReplicationServer server =
              ReplicationServer.start(
                  HOST,
                  0,
                  roots,
                  identity,
                  new Subtree(),
                  FaultNode.serverOptions(4096, PATIENCE));
          Replica replica =
              Replica.start(
                  FaultNode.config(
                      healthy,
                      List.of(Upstream.primary(HOST, server.port())),
                      Duration.ofMillis(200),
                      PATIENCE),
                  copies)) {
        awaitEqual(database, copies, replica);
        List<byte[]> down = record(server.port());
        fuzz(settings, server.port(), down, folder.resolve("warm-up-"), 2_000);
        FaultTree.await(() -> server.followers().size() == 2, () -> server.followers().toString());
        Usage before = Usage.now();
        long connections = connections(replica);
        messages.set(0);
        conversations.set(0);
        sent.values().forEach(each -> each.set(0));
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong slowest = new AtomicLong();
        Thread writer =
            Thread.ofPlatform().start(() -> write(database, model, copies, replica, over, slowest));
        long began = System.nanoTime();
        try {
          fuzz(settings, server.port(), down, folder.resolve("fuzzed-"), wanted);
        } finally {
          over.set(true);
          writer.join();
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        awaitEqual(database, copies, replica);
        try (Snapshot snapshot = copies.get(FaultModel.IDENTITY.name()).orElseThrow().snapshot()) {
          model.requireHolds("the healthy follower", snapshot);
        }
        FaultTree.await(() -> server.followers().size() == 2, () -> server.followers().toString());
        FaultTree.await(() -> Usage.now().within(before), () -> Usage.now() + " after " + before);
        long reconnected = connections(replica) - connections;
        sent.forEach(
            (kind, number) -> System.out.printf("%-20s %,10d messages%n", kind, number.get()));
        System.out.printf(
            "%,d conversations, %,.0f messages/s; before %s, after %s;%nthe healthy follower"
                + " reconnected %d times and was at most %d ms behind a commit%n",
            conversations.get(),
            messages.get() / seconds,
            before,
            Usage.now(),
            reconnected,
            slowest.get() / 1_000_000);
        return new Outcome(
            String.format("%,d messages, no crash, no leak", messages.get()),
            "= no crash, no leak, no effect on others",
            messages.get() >= wanted && reconnected == 0);
      }
    } finally {
      Folders.remove(folder);
    }
  }

  private static long connections(Replica replica) {
    return replica.status().stream().mapToLong(DatabaseStatus::connections).sum();
  }

  private static void awaitEqual(Database database, DatabaseSet copies, Replica replica) {
    long last = database.head().lastSequence();
    FaultTree.await(
        () ->
            copies
                .get(FaultModel.IDENTITY.name())
                .filter(copy -> copy.head().lastSequence() >= last)
                .isPresent(),
        () -> replica.status().toString());
  }

  /** Each commit must arrive before the next one is made. */
  private static void write(
      Database database,
      FaultModel model,
      DatabaseSet copies,
      Replica replica,
      AtomicBoolean over,
      AtomicLong slowest) {
    while (!over.get()) {
      model.commit(database);
      long began = System.nanoTime();
      awaitEqual(database, copies, replica);
      slowest.accumulateAndGet(System.nanoTime() - began, Math::max);
    }
  }

  /** Returns what the server sends to a follower, frame by frame. */
  private static List<byte[]> record(int port) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(1_000);
      socket
          .getOutputStream()
          .write("QSREPL\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      socket
          .getOutputStream()
          .write(FuzzedFrames.hello(FaultModel.IDENTITY.id(), FaultModel.IDENTITY.name()));
      InputStream in = socket.getInputStream();
      in.readNBytes(8);
      return FuzzedFrames.split(in.readNBytes(8_000));
    }
  }

  private void fuzz(Settings settings, int port, List<byte[]> down, Path copies, long wanted)
      throws Exception {
    long until = messages.get() + wanted;
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService executor = Executors.newFixedThreadPool(CLIENTS + 2);
        ServerSocket fake = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      fake.setSoTimeout(200);
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        long seed = settings.seed() * 31 + i;
        clients.add(executor.submit(() -> clients(port, new FuzzedFrames(seed), until)));
      }
      Future<?> server =
          executor.submit(() -> serve(fake, new FuzzedFrames(settings.seed() + 99), down, over));
      Future<?> followers = executor.submit(() -> followers(copies, fake.getLocalPort(), over));
      try {
        for (Future<?> client : clients) {
          client.get();
        }
      } finally {
        over.set(true);
        followers.get();
        server.get();
      }
    }
  }

  private void clients(int port, FuzzedFrames frames, long until) {
    List<byte[]> valid =
        List.of(
            FuzzedFrames.hello(FaultModel.IDENTITY.id(), FaultModel.IDENTITY.name()),
            FuzzedFrames.ack(FaultModel.IDENTITY.name(), 0),
            FuzzedFrames.subtree(FaultModel.IDENTITY.name(), 7),
            FuzzedFrames.ack(FaultModel.IDENTITY.name(), 8));
    byte[] sink = new byte[4096];
    for (int i = 0; messages.get() < until; i++) {
      Fuzzed fuzzed = frames.next(valid);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setSoTimeout(5);
        if (i % 2 == 0) {
          socket.setSoLinger(true, 0); // the connection ends with a reset
        }
        socket.getOutputStream().write(fuzzed.bytes());
        if (i % 8 == 0) {
          socket.getInputStream().read(sink);
        }
      } catch (SocketTimeoutException e) {
        // It has not answered yet, and need not.
      } catch (IOException e) {
        // The server may hang up whenever it likes.
      }
      count(fuzzed);
    }
  }

  private void serve(
      ServerSocket fake, FuzzedFrames frames, List<byte[]> valid, AtomicBoolean over) {
    while (!over.get()) {
      try (Socket socket = fake.accept()) {
        Fuzzed fuzzed = frames.next(valid);
        socket.getOutputStream().write(fuzzed.bytes());
        socket.shutdownOutput();
        socket.setSoTimeout(20);
        socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        count(fuzzed);
      } catch (IOException e) {
        // The follower hangs up as soon as it has read something wrong.
      }
    }
  }

  /** A replica that knows nothing but the fake server; a new one whenever it has diverged. */
  private static void followers(Path folder, int port, AtomicBoolean over) {
    NodeIdentity identity = NodeIdentity.create("fuzzed", "here");
    ReplicationConfig config =
        FaultNode.config(
            identity,
            List.of(Upstream.primary(HOST, port)),
            Duration.ofMillis(2),
            Duration.ofSeconds(1));
    try {
      for (int i = 0; !over.get(); i++) {
        Path data = folder.resolveSibling(folder.getFileName() + "" + i);
        try (DatabaseSet set = DatabaseSet.open(data, FaultModel.OPTIONS)) {
          FaultNode.create(set);
          try (Replica replica = Replica.start(config, set)) {
            while (!over.get() && !diverged(replica)) {
              TimeUnit.MILLISECONDS.sleep(20);
            }
          }
        }
        Folders.remove(data);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean diverged(Replica replica) {
    boolean diverged = false;
    for (DatabaseStatus status : replica.status()) {
      if (status.reason().contains("internal error")) {
        throw new AssertionError("a follower crashed: " + status);
      }
      diverged |= status.state() == FollowerState.DIVERGED;
    }
    return diverged;
  }
}
