package dev.quicksilver.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.replication.CopyStatus;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.BulkLoad;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code replication.bootstrap}: an empty node copies a database over loopback, verifies it and
 * serves it, durable in the end, against a plain copy of the source's file with fsync; and the same
 * through a proxy that passes everything on, and that cuts the connection in the middle. They take
 * turns, since a disk is not always equally fast, and their medians are compared. A machine that
 * has to be given memory first (a virtual one) takes twice as long for a copy: so one that does not
 * count goes before each round, and copy and bootstrap both follow a copy.
 */
final class BootstrapBar implements Bar {
  private static final double LIMIT = 2;
  private static final double CUT_LIMIT = 1.05;
  private static final int ROUNDS = 3;
  private static final int VALUE_BYTES = 1_000;

  /** Three pairs stand in a page of 4 KiB. */
  private static final int PAIR_IN_FILE = 4096 / 3;

  private static final String NAME = "sample";
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(16L << 30).withLog(Duration.ofDays(1), 1);

  @Override
  public String name() {
    return "replication.bootstrap";
  }

  @Override
  public String description() {
    return "a 2 GiB database of 1,000-byte values copied over loopback, verified and served,"
        + " against a copy of its file; and cut at 50 %";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    long bytes = (long) settings.size(2048, 128) << 20;
    Path folder = Files.createTempDirectory("quicksilver-bootstrap-");
    try (DatabaseSet source = DatabaseSet.open(folder.resolve("source"), OPTIONS)) {
      fill(source, bytes, new Random(settings.seed()));
      Path file = source.get(NAME).orElseThrow().folder().resolve("data.mdb");
      System.out.printf("the source's file: %,d MiB%n", Files.size(file) >> 20);
      try (ReplicationServer server =
          ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("source", "bar"))) {
        List<Double> plain = new ArrayList<>();
        List<Double> whole = new ArrayList<>();
        List<Double> passed = new ArrayList<>();
        List<Double> cut = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
          plainCopy(file, folder); // not counted: whatever comes next finds the memory it used
          plain.add(plainCopy(file, folder));
          whole.add(bootstrap(folder.resolve("whole"), source, server.port()));
          try (CutOnce proxy = new CutOnce(server.port(), Long.MAX_VALUE)) {
            passed.add(bootstrap(folder.resolve("passed"), source, proxy.port()));
          }
          // three quarters of the file are pairs; half of those are on their way then
          try (CutOnce proxy = new CutOnce(server.port(), bytes * 3 / 8)) {
            cut.add(bootstrap(folder.resolve("cut"), source, proxy.port()));
          }
        }
        double ratio = median(whole) / median(plain);
        double extra = median(cut) / median(passed);
        System.out.printf(
            "medians: plain copy %.2f s, bootstrap %.2f s; through a proxy %.2f s, cut at half %.2f"
                + " s%n",
            median(plain), median(whole), median(passed), median(cut));
        return new Outcome(
            String.format("%.2f × the copy of the file, cut %+.1f %%", ratio, (extra - 1) * 100),
            "≤ 2 × and ≤ +5 %",
            ratio <= LIMIT && extra <= CUT_LIMIT);
      }
    } finally {
      Folders.remove(folder);
    }
  }

  private static void fill(DatabaseSet set, long bytes, Random random) {
    DatabaseIdentity identity = StorageSample.IDENTITY;
    SourceNode.createCatalog(set, identity);
    byte[] value = new byte[VALUE_BYTES];
    try (BulkLoad load = BulkLoad.begin(set.copyFolder(NAME), identity, 1, OPTIONS)) {
      Peer.Keys keys = new Peer.Keys();
      for (long i = 0; i * PAIR_IN_FILE < bytes; i++) {
        random.nextBytes(value);
        load.add(keys.key(i), value);
      }
      load.finish(new Position(1, 1, 3));
    }
    set.useCopy(NAME);
  }

  private static double median(List<Double> of) {
    List<Double> sorted = of.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  /** Seconds of all processors that this process has used. */
  private static double cpuSeconds() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime()
        / 1e9;
  }

  /** Seconds until a new node serves all of it, which is then removed. */
  private static double bootstrap(Path data, DatabaseSet source, int port) throws IOException {
    Database wanted = source.get(NAME).orElseThrow();
    double cpu = cpuSeconds();
    long began = System.nanoTime();
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS);
        Replica replica =
            Replica.start(
                ReplicationConfig.of(
                    NodeIdentity.create("copy", "bar"),
                    List.of(Upstream.primary("127.0.0.1", port))),
                set)) {
      long deadline = began + TimeUnit.MINUTES.toNanos(10);
      long copied = 0;
      while (set.get(NAME)
          .filter(database -> database.head().lastSequence() == wanted.head().lastSequence())
          .isEmpty()) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("not within 10 minutes: " + replica.status());
        }
        if (copied == 0 && verifying(replica)) {
          copied = System.nanoTime();
        }
        LockSupport.parkNanos(1_000_000);
      }
      long ended = System.nanoTime();
      double seconds = (ended - began) / 1e9;
      if (copied != 0) {
        System.out.printf(
            "copied in %.2f s, then verified, durable and put in place in %.2f s; %.2f s of CPU%n",
            (copied - began) / 1e9, (ended - copied) / 1e9, cpuSeconds() - cpu);
      }
      Database copy = set.get(NAME).orElseThrow();
      if (!copy.head().contentDigest().equals(wanted.head().contentDigest())
          || !copy.head().chainHash().equals(wanted.head().chainHash())) {
        throw new AssertionError("the copy differs from its source");
      }
      return seconds;
    } finally {
      Folders.remove(data);
    }
  }

  private static boolean verifying(Replica replica) {
    return replica.status().stream()
        .flatMap(status -> status.copy().stream())
        .anyMatch(CopyStatus::verifying);
  }

  /** Seconds for what {@code cp} and {@code sync} do. */
  private static double plainCopy(Path file, Path folder) throws IOException {
    Path to = folder.resolve("plain");
    long written;
    long began = System.nanoTime();
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ);
        FileChannel out =
            FileChannel.open(to, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
      while (in.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
        buffer.clear();
      }
      written = System.nanoTime();
      out.force(true);
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    Files.delete(to);
    System.out.printf(
        "plain copy %.2f s, of which %.2f s until all was written and not yet on the disk%n",
        seconds, (written - began) / 1e9);
    return seconds;
  }

  /** Passes connections on, and cuts the first one that has brought so many bytes. */
  private static final class CutOnce implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int target;
    private final long limit;
    private volatile boolean cut;

    CutOnce(int target, long limit) throws IOException {
      this.target = target;
      this.limit = limit;
      Thread.ofVirtual().start(this::accept);
    }

    int port() {
      return listener.getLocalPort();
    }

    private void accept() {
      try {
        while (true) {
          Socket down = listener.accept();
          Socket up = new Socket(InetAddress.getLoopbackAddress(), target);
          Thread.ofVirtual().start(() -> pass(up, down, true));
          Thread.ofVirtual().start(() -> pass(down, up, false));
        }
      } catch (IOException e) {
        // closed
      }
    }

    private void pass(Socket from, Socket to, boolean cuts) {
      try (from;
          to) {
        byte[] buffer = new byte[1 << 16];
        long passed = 0;
        for (int n = from.getInputStream().read(buffer);
            n >= 0;
            n = from.getInputStream().read(buffer)) {
          passed += n;
          if (cuts && !cut && passed > limit) {
            cut = true;
            System.out.printf("cut after %,d MiB%n", passed >> 20);
            return;
          }
          to.getOutputStream().write(buffer, 0, n);
        }
      } catch (IOException e) {
        // the other side is gone
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }
}
