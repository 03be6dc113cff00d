package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.record.ChainHash;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bad network and bad peers: nothing wrong is ever committed, and what can heal does. */
final class FaultTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final int BLOCKS = 40;

  @TempDir private Path data;
  private TestNode root;

  @BeforeEach
  void startRoot() {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    for (int i = 0; i < BLOCKS; i++) {
      root.commit("dns", set("key" + i % 7, "value" + i));
    }
  }

  @AfterEach
  void stopRoot() {
    root.close();
  }

  private static byte[] join(List<byte[]> frames) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    frames.forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }

  /**
   * Follows through a proxy that tampers, until the edge has everything. Returns the edge's status.
   */
  private DatabaseStatus endsEqual(WireProxy.Tamper tamper) throws IOException {
    try (WireProxy proxy = new WireProxy(root.port(), tamper);
        TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(proxy.port())) {
      edge.awaitEqual("dns", root);
      return edge.status("dns");
    }
  }

  @Test
  void aDamagedByteIsDetectedAndTheEndIsEqual() throws IOException {
    AtomicInteger damages = new AtomicInteger();
    Random random = new Random(42);
    DatabaseStatus status =
        endsEqual(
            frames -> {
              byte[] bytes = join(frames);
              if (random.nextInt(8) == 0 && damages.get() < 10) {
                damages.incrementAndGet();
                // Behind the length of one frame: a longer one would only look like silence.
                int frame = random.nextInt(frames.size());
                int start = frames.subList(0, frame).stream().mapToInt(each -> each.length).sum();
                int at = 4 + random.nextInt(frames.get(frame).length - 4);
                bytes[start + at] ^= (byte) (1 + random.nextInt(255));
              }
              return List.of(bytes);
            });
    assertThat(damages.get()).isPositive();
    assertThat(status.connections()).isGreaterThan(1);
  }

  @Test
  void aLostBlockIsNotSkipped() throws IOException {
    AtomicInteger blocks = new AtomicInteger();
    DatabaseStatus status =
        endsEqual(frames -> blocks.incrementAndGet() % 15 == 0 ? List.of() : List.of(join(frames)));
    assertThat(status.connections()).isGreaterThan(1);
  }

  @Test
  void theLossOfTheLastBlockIsNoticedWithoutAnotherOne() throws IOException {
    AtomicInteger losses = new AtomicInteger();
    DatabaseStatus status =
        endsEqual(
            frames -> {
              BlockHeader header =
                  BlockHeader.decode(java.util.Arrays.copyOfRange(frames.getFirst(), 5, 5 + 160));
              boolean last = header.lastSequence() == BLOCKS;
              return last && losses.getAndIncrement() == 0 ? List.of() : List.of(join(frames));
            });
    assertThat(losses.get()).isEqualTo(2);
    assertThat(status.connections()).isGreaterThan(1);
  }

  @Test
  void aRepeatedBlockIsNotAppliedTwice() throws IOException {
    AtomicInteger blocks = new AtomicInteger();
    DatabaseStatus status =
        endsEqual(
            frames -> {
              byte[] bytes = join(frames);
              return blocks.incrementAndGet() % 15 == 0 ? List.of(bytes, bytes) : List.of(bytes);
            });
    assertThat(status.connections()).isGreaterThan(1);
  }

  @Test
  void aMisplacedBlockIsNotApplied() throws IOException {
    AtomicInteger blocks = new AtomicInteger();
    List<byte[]> held = new ArrayList<>();
    DatabaseStatus status =
        endsEqual(
            frames -> {
              byte[] bytes = join(frames);
              if (blocks.incrementAndGet() == 10) {
                held.add(bytes);
                return List.of();
              }
              if (!held.isEmpty()) {
                return List.of(bytes, held.removeFirst());
              }
              return List.of(bytes);
            });
    assertThat(status.connections()).isGreaterThan(1);
  }

  @Test
  void aConnectionCutInTheMiddleOfABlockCostsNothing() throws IOException {
    AtomicInteger blocks = new AtomicInteger();
    DatabaseStatus status =
        endsEqual(
            frames -> {
              byte[] bytes = join(frames);
              if (blocks.incrementAndGet() % 12 == 0) {
                throw new java.io.UncheckedIOException(new IOException("cut"));
              }
              return List.of(bytes);
            });
    assertThat(status.connections()).isGreaterThan(1);
  }

  @Test
  void anUpstreamThatFallsSilentIsGivenUp() throws Exception {
    AtomicInteger blocks = new AtomicInteger();
    CountDownLatch never = new CountDownLatch(1);
    try (WireProxy proxy =
            new WireProxy(
                root.port(),
                frames -> {
                  if (blocks.incrementAndGet() == 10) {
                    awaitQuietly(never);
                  }
                  return List.of(join(frames));
                });
        TestNode edge = TestNode.open("edge", data.resolve("edge"))) {
      edge.follow(edge.config(Duration.ofMillis(1500), proxy.port()));
      edge.awaitEqual("dns", root);
      assertThat(edge.status("dns").connections()).isGreaterThan(1);
      never.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aBlockWithAnotherDigestStopsTheDatabaseAndReadsGoOn() throws Exception {
    AtomicInteger blocks = new AtomicInteger();
    try (WireProxy proxy =
            new WireProxy(
                root.port(),
                frames ->
                    blocks.incrementAndGet() == 20
                        ? List.of(join(withWrongHash(frames)))
                        : List.of(join(frames)));
        TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(proxy.port())) {
      Await.until(
          () ->
              edge.replica().status().stream()
                  .anyMatch(s -> s.database().equals("dns") && s.state() == FollowerState.DIVERGED),
          () -> edge.replica().status());
      assertThat(edge.status("dns").reason()).contains("serves what it has", "copy-anew dns");
      assertThat(edge.database("dns").head().lastSequence()).isLessThan(BLOCKS);
      root.commit("quicksilver", set("zones", "{}"));
      assertThat(edge.status("quicksilver").state()).isEqualTo(FollowerState.STREAMING);
    }
  }

  /**
   * What an upstream with another history would send: every checksum is right, the chain is not.
   */
  private static List<byte[]> withWrongHash(List<byte[]> frames) {
    BlockHeader old =
        BlockHeader.decode(java.util.Arrays.copyOfRange(frames.getFirst(), 5, 5 + 160));
    BlockHeader wrong =
        new BlockHeader(
            old.firstSequence(),
            old.lastSequence(),
            old.before(),
            ChainHash.of(new byte[32], 0),
            old.digestAfter(),
            old.positionAfter(),
            old.commitTime(),
            old.bodyLength(),
            old.uncompressedLength(),
            old.transactions());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FrameOutput out = new FrameOutput(bytes);
    try {
      out.write(new Message.BlockStart(wrong));
      out.flush();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    List<byte[]> result = new ArrayList<>(frames);
    result.set(0, bytes.toByteArray());
    return result;
  }

  @Test
  void aStalledFollowerIsDroppedAndHoldsUpNobody() throws Exception {
    root.stopServing();
    root.serve(
        new ServerOptions(
            100, Duration.ofSeconds(10), Duration.ofMillis(1500), Duration.ofMillis(200)));
    try (RawClient stalled = new RawClient(root.port());
        TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(root.port())) {
      stalled.ask(RawClient.follow("dns", DNS, 0, Protocol.NO_HASH));
      // Its acks come as they should, so nothing but the full socket can end it.
      Thread acks = Thread.ofVirtual().start(() -> acknowledgeForEver(stalled));
      byte[] value = new byte[1 << 20];
      for (int i = 0; i < 16; i++) {
        new Random(i).nextBytes(value);
        byte[] copy = value.clone();
        root.commit("dns", a -> a.set("large".getBytes(UTF_8), copy));
      }
      edge.awaitEqual("dns", root);
      Await.until(
          () -> root.server().followers().stream().noneMatch(f -> f.node().equals("raw")),
          () -> root.server().followers());
      Await.until(
          () ->
              root.server().followers().stream()
                  .anyMatch(f -> f.node().equals("edge") && f.database().equals("dns")),
          () -> root.server().followers());
      acks.join();
    }
  }

  private static void acknowledgeForEver(RawClient client) {
    try {
      while (true) {
        client.out.write(new Message.Ack(TestNode.ack("dns", "raw", 0, 1)));
        client.out.flush();
        LockSupport.parkNanos(20_000_000);
      }
    } catch (IOException e) {
      // The server hung up, which is what it is waited for.
    }
  }

  @Test
  void garbageOnThePortHurtsNobody() throws Exception {
    try (TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(root.port())) {
      edge.awaitEqual("dns", root);
      long connections = edge.status("dns").connections();
      Random random = new Random(7);
      for (int i = 0; i < 2000; i++) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), root.port())) {
          socket.getOutputStream().write(garbage(random));
        } catch (IOException e) {
          // The server may well have hung up already: that is its right.
        }
      }
      root.commit("dns", set("after", "the storm"));
      edge.awaitEqual("dns", root);
      assertThat(edge.status("dns").connections()).isEqualTo(connections);
      Await.until(() -> root.server().followers().size() == 2, () -> root.server().followers());
    }
  }

  /** Random bytes, often behind a valid beginning, so that they get as far as they can. */
  private static byte[] garbage(Random random) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FrameOutput out = new FrameOutput(bytes);
    if (random.nextInt(4) > 0) {
      out.writeMagic();
    }
    if (random.nextInt(2) == 0) {
      out.write(RawClient.follow("dns", DNS, random.nextInt(60), Protocol.NO_HASH));
    }
    out.flush();
    if (random.nextInt(2) == 0) {
      bytes.writeBytes(
          ByteBuffer.allocate(5)
              .putInt(random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(200))
              .put((byte) random.nextInt(12))
              .array());
    }
    byte[] noise = new byte[random.nextInt(300)];
    random.nextBytes(noise);
    bytes.writeBytes(noise);
    byte[] all = bytes.toByteArray();
    if (random.nextInt(3) == 0 && all.length > 0) {
      all[random.nextInt(all.length)] ^= (byte) (1 + random.nextInt(255));
    }
    return all;
  }
}
