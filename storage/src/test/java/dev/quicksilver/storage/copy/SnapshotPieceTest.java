package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.log.SegmentWriter;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotPieceTest {
  private static final SnapshotPieceHeader HEADER =
      new SnapshotPieceHeader(
          UUID.fromString("6f1e6c1e-0d2f-4a51-9f0e-5c6f2a9c1b11"),
          new Head(
              7,
              ChainHash.genesis(new UUID(1, 2)),
              new ContentDigest(3, 4),
              new Position(5, 6, 7),
              8,
              8),
          bytes("a"),
          bytes("cd"),
          2,
          50);

  /** Format version 1 never changes: a node of the next version must read it. */
  private static final String GOLDEN =
      "51535031000101016f1e6c1e0d2f4a519f0e5c6f2a9c1b110000000000000007"
          + "f5d5ceb333ef10668333f7f06425048038c290696a65f7fff6e2ee83b7639d18"
          + "0000000000000003000000000000000400000000000000050000000600000000"
          + "0000000700000000000000080000000000000002000000000000003200010002"
          + "6163644032197b";

  @Test
  void version1OfTheHeaderStaysAsItIs() {
    assertThat(HexFormat.of().formatHex(HEADER.encode())).isEqualTo(GOLDEN);
    SnapshotPieceHeader decoded = SnapshotPieceHeader.decode(HexFormat.of().parseHex(GOLDEN));
    assertThat(decoded).usingRecursiveComparison().isEqualTo(HEADER);
    assertThat(decoded.last()).isFalse();
  }

  @Test
  void piecesOfAnySizeHoldEveryPairOnceAndInOrder(@TempDir Path folder) throws IOException {
    try (Database database = TestDatabases.create(folder)) {
      TestDatabases.commit(
          database, 1, "a=1", "b=" + "x".repeat(300_000), "c=", "d=" + "y".repeat(5_000), "e=5");
      for (int budget : new int[] {1, 30, 5_000, 1_000_000}) {
        List<String> keys = new ArrayList<>();
        byte[] after = null;
        boolean last = false;
        while (!last) {
          try (SnapshotPiece piece = SnapshotPiece.read(database, after, budget)) {
            SnapshotPieceHeader header = SnapshotPieceHeader.decode(piece.header().encode());
            SnapshotPairs pairs = new SnapshotPairs(header, piece);
            while (pairs.next()) {
              keys.add(TestDatabases.text(pairs.entry().keyBytes()) + pairs.entry().valueLength());
            }
            last = header.last();
            after = header.upTo();
          }
        }
        assertThat(keys).containsExactly("a1", "b300000", "c0", "d5000", "e1");
      }
    }
  }

  @Property(tries = 300)
  void refusesAHeaderWithAnyBitFlipped(@ForAll @IntRange(max = 134 * 8) int bit) {
    byte[] encoded = HEADER.encode();
    encoded[bit / 8 % encoded.length] ^= (byte) (1 << bit % 8);
    assertThatThrownBy(() -> SnapshotPieceHeader.decode(encoded))
        .isInstanceOf(StorageException.class);
  }

  @Property(tries = 1_000)
  void refusesGarbageAsAHeader(@ForAll @Size(max = 200) byte[] garbage) {
    assertThatThrownBy(() -> SnapshotPieceHeader.decode(garbage))
        .isInstanceOf(StorageException.class);
  }

  @Property(tries = 1_000)
  void refusesGarbageInsideGoodSegments(@ForAll @Size(min = 1, max = 300) byte[] garbage) {
    assertThatThrownBy(() -> read(HEADER, garbage))
        .isInstanceOf(StorageException.class)
        .returns(ErrorCode.CORRUPT, e -> ((StorageException) e).code());
  }

  @Test
  void refusesPairsThatAreNotWhatTheHeaderSays() throws IOException {
    byte[] good = pairs("b", "1", "c", "2");
    assertThat(good).hasSize(48);
    SnapshotPieceHeader exact = header(2, 48, bytes("cd"));
    assertThat(read(exact, good)).isEqualTo(2);
    refused(header(3, 69, bytes("cd")), good, "cut short");
    refused(header(1, 48, bytes("cd")), good, "more than");
    refused(header(2, 47, bytes("cd")), good, "more than");
    refused(header(2, 48, bytes("bb")), good, "out of order");
    refused(exact, pairs("c", "1", "b", "2"), "out of order");
    refused(exact, pairs("b", "1", "b", "2"), "out of order");
    refused(exact, pairs("a", "1", "b", "2"), "out of order");
    refused(exact, Arrays.copyOf(good, 30), "ends in the middle");
    byte[] huge = good.clone();
    Bytes.putInt(huge, 2, Integer.MAX_VALUE);
    refused(exact, huge, "too long");
    byte[] future = good.clone();
    Bytes.putLong(future, 6, 8);
    refused(exact, future, "set after");
  }

  private static SnapshotPieceHeader header(long pairs, long length, byte @Nullable [] upTo) {
    return new SnapshotPieceHeader(
        HEADER.databaseId(), HEADER.head(), HEADER.after(), upTo, pairs, length);
  }

  private static void refused(SnapshotPieceHeader header, byte[] pairs, String words) {
    assertThatThrownBy(() -> read(header, pairs))
        .returns(ErrorCode.CORRUPT, e -> ((StorageException) e).code())
        .hasMessageContaining(words);
  }

  private static byte[] pairs(String... keysAndValues) {
    byte[] to = new byte[1_000];
    int at = 0;
    for (int i = 0; i < keysAndValues.length; i += 2) {
      byte[] key = bytes(keysAndValues[i]);
      byte[] value = bytes(keysAndValues[i + 1]);
      Bytes.putShort(to, at, key.length);
      Bytes.putInt(to, at + 2, value.length);
      Bytes.putLong(to, at + 6, 7);
      Bytes.putLong(to, at + 14, 70);
      System.arraycopy(key, 0, to, at + 22, key.length);
      System.arraycopy(value, 0, to, at + 22 + key.length, value.length);
      at += 22 + key.length + value.length;
    }
    return Arrays.copyOf(to, at);
  }

  private static int read(SnapshotPieceHeader header, byte[] raw) throws IOException {
    ArrayDeque<Segment> segments = new ArrayDeque<>();
    SegmentWriter writer = new SegmentWriter(segments::add);
    writer.write(raw, 0, raw.length);
    writer.flush();
    SnapshotPairs pairs = new SnapshotPairs(header, segments::poll);
    int read = 0;
    while (pairs.next()) {
      read++;
    }
    return read;
  }
}
