package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.Complete;
import dev.quicksilver.replication.Message.CopyRequest;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.Databases;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.Held;
import dev.quicksilver.replication.Message.PieceStart;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.replication.Message.SegmentData;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.replication.Message.StepEnd;
import dev.quicksilver.replication.Message.SubtreeAcks;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.copy.SnapshotPieceHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.Test;

/** Every message survives the wire; no damage does. */
final class MessageCodecPropertiesTest {

  private static final RecursiveComparisonConfiguration BY_FIELDS =
      RecursiveComparisonConfiguration.builder().withStrictTypeChecking(true).build();

  private static Message message(int kind, Random random) {
    return switch (kind) {
      case 0 ->
          new ClientHello(
              random.nextInt(2),
              1 + random.nextInt(60000),
              uuid(random),
              pick(random, Purpose.values()),
              random.nextBoolean(),
              random.nextInt(),
              uuid(random),
              sequence(random),
              hash(random),
              sequence(random),
              text(random),
              text(random),
              text(random));
      case 1 ->
          new ServerHello(
              random.nextInt(65536),
              uuid(random),
              random.nextInt(256),
              text(random),
              text(random),
              info(random));
      case 2 ->
          new Refusal(
              pick(random, RefusalCode.values()),
              sequence(random),
              sequence(random),
              hash(random),
              text(random));
      case 3 -> new BlockEnd(sequence(random));
      case 4 -> new Heartbeat(sequence(random), random.nextLong());
      case 5 ->
          new SubtreeAcks(
              AckKey.FIRST, random.nextBoolean(), List.of(ack(random, "a"), ack(random, "b")));
      case 6 -> new End(pick(random, EndReason.values()), sequence(random));
      case 7 -> new Databases(List.of(info(random), info(random)));
      case 8 ->
          new CopyRequest(
              random.nextBoolean(),
              sequence(random),
              1 + random.nextInt(Protocol.MAX_PIECE),
              bytes(random, random.nextInt(Protocol.MAX_KEY + 1)));
      case 9 -> new PieceStart(sequence(random), piece(random));
      case 10 -> new StepEnd(sequence(random));
      case 11 -> new Ack(ack(random, text(random)));
      case 12 -> new RootHead(sequence(random), random.nextLong(), time(random), time(random));
      case 13 ->
          new Complete(
              random.nextBoolean(),
              new Completeness(
                  new Position(random.nextLong(), random.nextInt(), random.nextLong()),
                  Map.of(
                      uuid(random),
                      new Completeness.Point(sequence(random), hash(random)),
                      uuid(random),
                      new Completeness.Point(sequence(random), hash(random)))));
      case 14 -> new Held(new Position(random.nextLong(), random.nextInt(), random.nextLong()));
      default -> throw new IllegalArgumentException();
    };
  }

  private static NodeAck ack(Random random, String database) {
    long said = time(random);
    return new NodeAck(
        database,
        text(random),
        text(random),
        text(random),
        pick(random, FollowerState.values()),
        sequence(random),
        random.nextLong(),
        time(random),
        said,
        new NodeRun(uuid(random), uuid(random), said / 2),
        uuid(random),
        Stream.generate(() -> scrapeAddress(random))
            .limit(random.nextInt(1 + Protocol.MAX_SCRAPE_ADDRESSES))
            .toList());
  }

  private static ScrapeAddress scrapeAddress(Random random) {
    return new ScrapeAddress(
        "r" + random.nextInt(), random.nextBoolean(), "host:" + random.nextInt());
  }

  private static long time(Random random) {
    return random.nextLong() >>> 4;
  }

  private static <T> T pick(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  private static UUID uuid(Random random) {
    return new UUID(random.nextLong(), random.nextLong());
  }

  private static long sequence(Random random) {
    return random.nextLong() >>> (1 + random.nextInt(63));
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static SnapshotPieceHeader piece(Random random) {
    byte[] after = bytes(random, 1 + random.nextInt(Protocol.MAX_KEY - 1));
    byte[] upTo = Arrays.copyOf(after, after.length + 1);
    long pairs = 1 + random.nextInt(1000);
    long sequence = sequence(random);
    return new SnapshotPieceHeader(
        uuid(random),
        new Head(
            sequence,
            hash(random),
            new ContentDigest(random.nextLong(), random.nextLong()),
            new Position(random.nextLong(), random.nextInt(), random.nextLong()),
            random.nextLong(),
            sequence + 1),
        random.nextBoolean() ? after : null,
        random.nextBoolean() ? upTo : null,
        pairs,
        pairs * 23 + random.nextInt(1 << 20));
  }

  private static ChainHash hash(Random random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return ChainHash.of(bytes, 0);
  }

  private static String text(Random random) {
    return random
        .ints(random.nextInt(64), 0, 0x2000)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static DatabaseInfo info(Random random) {
    return new DatabaseInfo(
        new DatabaseIdentity(uuid(random), "d" + random.nextInt(1000), "text", "jsonb"),
        sequence(random),
        sequence(random),
        hash(random));
  }

  private static byte[] framed(Message message) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FrameOutput out = new FrameOutput(bytes);
    out.speak(ProtocolVersions.SUPPORTED.highest());
    out.write(message);
    out.flush();
    return bytes.toByteArray();
  }

  private static FrameInput input(byte[] bytes) {
    FrameInput in = new FrameInput(new ByteArrayInputStream(bytes));
    in.handshakeDone(ProtocolVersions.SUPPORTED.highest());
    return in;
  }

  @Property
  void everyMessageSurvivesTheWire(@ForAll @IntRange(max = 14) int kind, @ForAll long seed)
      throws IOException {
    Message message = message(kind, new Random(seed));
    assertThat(input(framed(message)).read())
        .usingRecursiveComparison(BY_FIELDS)
        .isEqualTo(message);
  }

  @Property
  void segmentsSurviveTheWire(@ForAll @Size(min = 1, max = 5000) byte[] body, @ForAll int crc)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FrameOutput out = new FrameOutput(bytes);
    out.write(new Segment(77, crc, body));
    out.flush();
    assertThat(bytes.toByteArray()).isEqualTo(framed(new SegmentData(new Segment(77, crc, body))));
    assertThat(input(bytes.toByteArray()).read())
        .isInstanceOfSatisfying(
            SegmentData.class,
            data -> {
              assertThat(data.segment().bytes()).isEqualTo(body);
              assertThat(data.segment().uncompressedLength()).isEqualTo(77);
              assertThat(data.segment().crc()).isEqualTo(crc);
            });
  }

  @Property
  void noDamagedByteGetsThrough(
      @ForAll @IntRange(max = 14) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 255) int damage)
      throws IOException {
    Random random = new Random(seed);
    byte[] bytes = framed(message(kind, random));
    bytes[random.nextInt(bytes.length)] ^= (byte) damage;
    assertThatThrownBy(() -> input(bytes).read()).isInstanceOf(IOException.class);
  }

  @Property
  void aFrameThatEndsEarlyIsRefused(@ForAll @IntRange(max = 14) int kind, @ForAll long seed)
      throws IOException {
    Random random = new Random(seed);
    byte[] bytes = framed(message(kind, random));
    byte[] part = Arrays.copyOf(bytes, random.nextInt(bytes.length));
    assertThatThrownBy(() -> input(part).read()).isInstanceOf(IOException.class);
  }

  @Property
  void aRequestForMoreThanMayBeAskedForIsRefused(@ForAll int pieceBytes, @ForAll long seed) {
    Random random = new Random(seed);
    int length = random.nextInt(2 * Protocol.MAX_KEY);
    byte[] payload =
        MessageCodec.encode(new CopyRequest(false, 1, pieceBytes, bytes(random, length)));
    if (pieceBytes < 1 || pieceBytes > Protocol.MAX_PIECE || length > Protocol.MAX_KEY) {
      assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.COPY_REQUEST, payload))
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("a request with");
    }
  }

  @Test
  void aPieceLargerThanAnyIsRefused() {
    Random random = new Random(1);
    SnapshotPieceHeader good = piece(random);
    byte[] payload =
        MessageCodec.encode(
            new PieceStart(
                1,
                new SnapshotPieceHeader(good.databaseId(), good.head(), null, null, 1, 1L << 40)));
    assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.PIECE_START, payload))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("a piece of 1099511627776 bytes");
  }

  @Test
  void asManyReportsAsMayBeInAMessageFitItWithTheLongestTexts() throws IOException {
    String longest = "x".repeat(Protocol.MAX_TEXT);
    List<NodeAck> reports =
        IntStream.range(0, Protocol.MAX_REPORTED)
            .mapToObj(
                i ->
                    new NodeAck(
                            longest, longest, longest, longest, FollowerState.STREAMING, 1, 1, 1, 1)
                        .by(new NodeRun(new UUID(1, i), new UUID(1, 1), 1), new UUID(1, 1)))
            .toList();
    SubtreeAcks most =
        new SubtreeAcks(
            new AckKey(longest, longest, new UUID(0, 0), new UUID(0, 0)), true, reports);
    assertThat(input(framed(most)).read()).isEqualTo(most);
  }

  @Property
  void anyPayloadIsAMessageOrRefused(
      @ForAll @IntRange(max = 255) int type, @ForAll @Size(max = 600) byte[] payload) {
    try {
      Message message = MessageCodec.decode(type, payload);
      assertThat(MessageCodec.type(message)).isEqualTo(type);
    } catch (ProtocolException e) {
      assertThat(e).hasMessageMatching("(?s).+");
    }
  }
}
