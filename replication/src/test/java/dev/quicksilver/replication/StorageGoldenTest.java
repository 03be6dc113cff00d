package dev.quicksilver.replication;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.copy.PrefixReplica;
import dev.quicksilver.storage.copy.PrefixSession;
import dev.quicksilver.storage.copy.SnapshotPiece;
import dev.quicksilver.storage.copy.SnapshotPieceHeader;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.log.SegmentSource;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Version 1 of a block and of a snapshot's piece, byte for byte, as a database made them: today's
 * program makes the same database out of them. What Snappy makes of the same input may change with
 * its version, so nothing is compressed again here.
 */
final class StorageGoldenTest {
  static final String BLOCK_FIELDS =
      "magic QSB1:4, format version:2, codec:1, reserved:1, first sequence:8, last sequence:8,"
          + " chain hash before:32, chain hash after:32, content digest after:16, system id:8,"
          + " timeline:4, LSN:8, commit time:8, bytes of the segments:8, uncompressed:8,"
          + " transactions:8, CRC-32C of the header:4";
  static final String SEGMENT_FIELDS =
      "compressed length:4, uncompressed length:4, CRC-32C of the bytes:4, compressed bytes:rest";
  static final String PIECE_FIELDS =
      "magic QSP1:4, format version:2, codec:1, flags:1, database id:16, sequence:8, chain hash:32,"
          + " content digest:16, system id:8, timeline:4, LSN:8, commit time:8, pairs:8,"
          + " uncompressed:8, length of after:2, length of upTo:2, CRC-32C of the header:4";

  private static final DatabaseIdentity IDENTITY =
      new DatabaseIdentity(new UUID(1, 2), "golden", "text", "text");

  /** No clock: the log's times are long past. */
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(64L << 20).withLog(Duration.ofDays(365_000), 1 << 20);

  @TempDir private Path folder;

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** Two transactions with each of the operations. */
  private static void fill(Database database) {
    try (Appender appender = database.append()) {
      appender.begin(100, 1_700_000_000_000_000L);
      appender.set(bytes("gone"), bytes("1"));
      appender.clear();
      appender.set(bytes("hello"), bytes("world"));
      appender.set(bytes("42"), bytes("x"));
      appender.end(new Position(5, 1, 110));
      appender.begin(200, 1_700_000_000_000_001L);
      appender.set(bytes("lorem"), bytes("ipsum"));
      appender.delete(bytes("42"));
      appender.end(new Position(5, 1, 210));
      appender.commit();
    }
  }

  private static byte[] join(byte[] header, List<Segment> segments) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(header);
    segments.forEach(segment -> all.writeBytes(segment.encode()));
    return all.toByteArray();
  }

  private static List<Segment> segments(byte[] from, int at) {
    List<Segment> result = new ArrayList<>();
    int next = at;
    while (next < from.length) {
      Segment segment = Segment.decode(from, next);
      next += Segment.HEADER + segment.bytes().length;
      result.add(segment);
    }
    return result;
  }

  private static SegmentSource source(List<Segment> segments) {
    Queue<Segment> left = new ArrayDeque<>(segments);
    return left::poll;
  }

  private static List<String> fields(String header) {
    return Arrays.asList((header + ", " + SEGMENT_FIELDS).split(", "));
  }

  private static List<String> pairs(Database database) {
    List<String> result = new ArrayList<>();
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        result.add(new String(scan.key(), UTF_8) + "=" + new String(scan.value(), UTF_8));
      }
    }
    return result;
  }

  @Test
  void aBlockOfVersion1IsAppliedAsItIs() throws IOException {
    Head wanted;
    byte[] made;
    try (Database database = Database.create(folder.resolve("from"), IDENTITY, OPTIONS)) {
      fill(database);
      wanted = database.head();
      LogReader log = database.readLog(1);
      byte[] header = log.nextBlock().encode();
      List<Segment> body = new ArrayList<>();
      for (Segment s = log.nextSegment(); s != null; s = log.nextSegment()) {
        body.add(s);
      }
      made = join(header, body);
    }
    byte[] then = new Golden(1, "block", made, fields(BLOCK_FIELDS)).checkedIn();
    BlockHeader header = BlockHeader.decode(then);
    List<Segment> body = segments(then, BlockHeader.LENGTH);
    assertThat(join(header.encode(), body)).isEqualTo(then);
    assertThat(header.lastSequence()).isEqualTo(6);
    assertThat(header.transactions()).isEqualTo(2);
    try (Database database = Database.create(folder.resolve("to"), IDENTITY, OPTIONS)) {
      try (Applier applier = database.apply()) {
        applier.apply(header, source(body));
        applier.commit();
      }
      assertThat(database.head()).isEqualTo(wanted);
      assertThat(pairs(database)).containsExactly("hello=world", "lorem=ipsum");
      Verifier.verify(database, VerifyProgress.NONE).requireClean();
    }
  }

  @Test
  void aPieceOfVersion1IsAppendedAsItIs() throws IOException {
    Head wanted;
    byte[] made;
    int length;
    try (Database database = Database.create(folder.resolve("from"), IDENTITY, OPTIONS)) {
      fill(database);
      wanted = database.head();
      try (SnapshotPiece piece = SnapshotPiece.read(database, null, SnapshotPiece.GOOD_BYTES)) {
        byte[] header = piece.header().encode();
        length = header.length;
        List<Segment> body = new ArrayList<>();
        for (Segment s = piece.next(); s != null; s = piece.next()) {
          body.add(s);
        }
        made = join(header, body);
      }
    }
    byte[] then = new Golden(1, "snapshot-piece", made, fields(PIECE_FIELDS)).checkedIn();
    SnapshotPieceHeader header = SnapshotPieceHeader.decode(Arrays.copyOf(then, length));
    List<Segment> body = segments(then, length);
    assertThat(join(header.encode(), body)).isEqualTo(then);
    assertThat(header.pairs()).isEqualTo(2);
    assertThat(header.last()).isTrue();
    Path to = Files.createDirectory(folder.resolve("to"));
    try (PrefixReplica copy = PrefixReplica.create(to, IDENTITY, header.head(), OPTIONS)) {
      try (PrefixSession session = copy.write()) {
        session.append(header, source(body));
        session.commit();
      }
      assertThat(copy.head().chainHash()).isEqualTo(wanted.chainHash());
      copy.finish(VerifyProgress.NONE).requireClean();
    }
    try (Database database = Database.open(to, OPTIONS)) {
      assertThat(database.head().contentDigest()).isEqualTo(wanted.contentDigest());
      assertThat(pairs(database)).containsExactly("hello=world", "lorem=ipsum");
    }
  }
}
