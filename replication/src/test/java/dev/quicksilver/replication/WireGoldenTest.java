package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.BlockStart;
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
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Each message in each version that changed it, byte for byte: a node of a later version must read
 * and write it. A new message is one more line in {@link #MESSAGES} and a run with {@code
 * -Dquicksilver.golden=write}.
 */
final class WireGoldenTest {
  private static final UUID ID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
  private static final ChainHash HASH = ChainHash.genesis(ID);
  private static final DatabaseInfo INFO =
      new DatabaseInfo(new DatabaseIdentity(ID, "dns", "text", "jsonb"), 12, 57, HASH);
  private static final String INFO_FIELDS =
      "database id:16, oldest sequence:8, last sequence:8, chain hash:32,"
          + " name:text, key type:text, value type:text";

  private static final String ACK_FIELDS =
      "database:text, node:text, location:text, upstream:text, state:1, sequence:8,"
          + " commit time:8, as of:8, said:8";

  private static final String ACK_2_FIELDS =
      ACK_FIELDS + ", instance:16, process:16, process started:8, database id:16";

  private static final String ACK_4_FIELDS =
      ACK_2_FIELDS + ", count of scrape addresses:1, role:text, flags:1, address:text";

  private static final NodeRun RUN =
      new NodeRun(new UUID(0x1111, 0x2222), new UUID(0x3333, 0x4444), 1_699_999_999_000_000L);

  private static NodeAck ack(String node, FollowerState state) {
    return new NodeAck(
        "dns",
        node,
        "fra",
        "relay-1",
        state,
        57,
        1_700_000_000_000_000L,
        1_700_000_001_000_000L,
        1_700_000_002_000_000L);
  }

  /** A message, its fields in order, and the first version in which they are so. */
  private record Known(String name, Message message, String fields, int version) {
    Known(String name, Message message, String fields) {
      this(name, message, fields, 1);
    }
  }

  private static final List<Known> MESSAGES =
      List.of(
          new Known(
              "client-hello",
              new ClientHello(
                  1, 1, ID, Purpose.READ_LOG, true, 1, ID, 41, HASH, 99, "dns", "edge-7", "fra"),
              "lowest version:2, highest version:2, process id:16, purpose:1, flags:1, codecs:4,"
                  + " database id:16, last sequence:8, chain hash:32, stop sequence:8,"
                  + " database:text, node:text, location:text"),
          new Known(
              "server-hello",
              new ServerHello(1, ID, 1, "relay-1", "fra", INFO),
              "version:2, process id:16, codec:1, node:text, location:text, " + INFO_FIELDS),
          new Known(
              "refusal",
              new Refusal(RefusalCode.SNAPSHOT_NEEDED, 12, 57, HASH, "the log begins at 12"),
              "code:2, oldest sequence:8, last sequence:8, chain hash:32, message:text"),
          new Known(
              "block-start",
              new BlockStart(
                  new BlockHeader(
                      42,
                      50,
                      HASH,
                      ChainHash.genesis(new UUID(1, 2)),
                      new ContentDigest(3, 4),
                      new Position(5, 6, 7),
                      1_700_000_000_000_000L,
                      100,
                      200,
                      3)),
              StorageGoldenTest.BLOCK_FIELDS),
          new Known(
              "segment",
              new SegmentData(new Segment(7, 0x01020304, new byte[] {1, 2, 3})),
              StorageGoldenTest.SEGMENT_FIELDS.replace(":rest", ":3")),
          new Known("block-end", new BlockEnd(50), "last sequence:8"),
          new Known(
              "heartbeat",
              new Heartbeat(57, 1_700_000_000_000_000L),
              "last sequence:8, commit time:8"),
          new Known("ack", new Ack(ack("edge-7", FollowerState.STREAMING)), ACK_FIELDS),
          new Known(
              "subtree-acks",
              new SubtreeAcks(
                  AckKey.after("dns", "edge-6"),
                  true,
                  List.of(
                      ack("edge-7", FollowerState.STREAMING),
                      ack("edge-8", FollowerState.DIVERGED))),
              "after database:text, after node:text, flags:1, count:2, "
                  + ACK_FIELDS
                  + ", "
                  + ACK_FIELDS),
          new Known(
              "ack", new Ack(ack("edge-7", FollowerState.STREAMING).by(RUN, ID)), ACK_2_FIELDS, 2),
          new Known(
              "subtree-acks",
              new SubtreeAcks(
                  new AckKey("dns", "edge-7", new UUID(5, 6), new UUID(7, 8)),
                  true,
                  List.of(
                      ack("edge-7", FollowerState.STREAMING).by(RUN, ID),
                      ack("edge-8", FollowerState.DIVERGED))),
              "after database:text, after node:text, after instance:16, after process:16, flags:1,"
                  + " count:2, "
                  + ACK_2_FIELDS
                  + ", "
                  + ACK_2_FIELDS,
              2),
          new Known(
              "ack",
              new Ack(
                  ack("edge-7", FollowerState.STREAMING)
                      .by(RUN, ID)
                      .scrapedAt(List.of(new ScrapeAddress("replica", true, "10.0.0.7:7490")))),
              ACK_4_FIELDS,
              4),
          new Known(
              "subtree-acks",
              new SubtreeAcks(
                  new AckKey("dns", "edge-7", new UUID(5, 6), new UUID(7, 8)),
                  true,
                  List.of(
                      ack("edge-7", FollowerState.STREAMING)
                          .by(RUN, ID)
                          .scrapedAt(List.of(new ScrapeAddress("replica", false, "10.0.0.7:7490"))),
                      ack("edge-8", FollowerState.DIVERGED))),
              "after database:text, after node:text, after instance:16, after process:16, flags:1,"
                  + " count:2, "
                  + ACK_4_FIELDS
                  + ", "
                  + ACK_2_FIELDS
                  + ", count of scrape addresses:1",
              4),
          new Known(
              "root-head",
              new RootHead(57, 1_700_000_000_000_000L, 1_700_000_001_000_000L, 250_000),
              "last sequence:8, commit time:8, root time:8, age:8"),
          new Known("end", new End(EndReason.DATABASE_DROPPED, 57), "reason:1, last sequence:8"),
          new Known("databases", new Databases(List.of(INFO)), "count:2, " + INFO_FIELDS),
          new Known(
              "copy-request",
              new CopyRequest(false, 57, 4 << 20, new byte[] {'k'}),
              "flags:1, last sequence:8, bytes wanted:4, length of after:2, after:1"),
          new Known(
              "piece-start",
              new PieceStart(
                  1_000,
                  new SnapshotPieceHeader(
                      ID,
                      new Head(
                          57,
                          HASH,
                          new ContentDigest(3, 4),
                          new Position(5, 6, 7),
                          1_700_000_000_000_000L,
                          58),
                      new byte[] {'k'},
                      new byte[] {'k', 'm'},
                      2,
                      100)),
              "pairs of the source:8, "
                  + StorageGoldenTest.PIECE_FIELDS.replace(
                      ", CRC-32C", ", after:1, upTo:2, CRC-32C")),
          new Known("step-end", new StepEnd(57), "last sequence:8"),
          new Known(
              "complete",
              new Complete(
                  true,
                  new Completeness(
                      new Position(5, 6, 7), Map.of(ID, new Completeness.Point(57, HASH)))),
              "flags:1, system id:8, timeline:4, LSN:8, count:2, database id:16, last sequence:8,"
                  + " chain hash:32",
              3),
          new Known("held", new Held(new Position(5, 6, 7)), "system id:8, timeline:4, LSN:8", 3));

  private static byte[] frame(Message message, int version) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    FrameOutput out = new FrameOutput(bytes);
    out.speak(version);
    out.write(message);
    out.flush();
    return bytes.toByteArray();
  }

  @TestFactory
  Stream<DynamicTest> staysAsItIs() {
    return MESSAGES.stream()
        .map(
            known ->
                DynamicTest.dynamicTest(
                    known.name() + " " + known.version(),
                    () -> {
                      byte[] now = frame(known.message(), known.version());
                      String fields = "payload length:4, type:1, " + known.fields() + ", CRC-32C:4";
                      byte[] then =
                          new Golden(
                                  known.version(),
                                  "wire-" + known.name(),
                                  now,
                                  List.of(fields.split(", ")))
                              .checkedIn();
                      assertThat(now).isEqualTo(then);
                      FrameInput in = new FrameInput(new ByteArrayInputStream(then));
                      in.handshakeDone(known.version());
                      Message read = in.read();
                      assertThat(read).usingRecursiveComparison().isEqualTo(known.message());
                      assertThat(frame(read, known.version())).isEqualTo(then);
                    }));
  }

  @Test
  void everyMessageHasAGoldenFile() {
    assertThat(MESSAGES.stream().map(known -> (Object) known.message().getClass()).distinct())
        .containsExactlyInAnyOrder((Object[]) Message.class.getPermittedSubclasses());
  }
}
