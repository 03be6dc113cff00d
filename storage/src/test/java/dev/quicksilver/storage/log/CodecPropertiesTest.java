package dev.quicksilver.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import dev.quicksilver.storage.record.Operation;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.storage.record.RecordFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.jspecify.annotations.Nullable;

/** What is encoded comes back, and what is damaged is refused or does no harm. */
class CodecPropertiesTest {
  @Property(tries = 100)
  void aBlockComesBackAsItWas(@ForAll long seed) throws IOException {
    SampleBlock block = SampleBlock.of(seed);
    byte[] bytes = block.encode();
    assertThat(BlockHeader.decode(bytes)).isEqualTo(block.header());
    requireSame(entries(bytes), block.entries());
  }

  @Property(tries = 50)
  void aBlockCutAtAnyTransactionHoldsTheRest(@ForAll long seed) throws IOException {
    SampleBlock block = SampleBlock.of(seed);
    for (long start : block.starts()) {
      Restartable source = new Restartable(block.segments());
      BlockCut cut = BlockCut.after(block.header(), source, source::reopen, start);
      List<Segment> segments = new ArrayList<>();
      for (Segment next = cut.nextSegment(); next != null; next = cut.nextSegment()) {
        segments.add(next);
      }
      BlockHeader header = cut.header();
      assertThat(header.firstSequence()).isEqualTo(start);
      assertThat(header.after()).isEqualTo(block.header().after());
      assertThat(header.bodyLength())
          .isEqualTo(
              segments.stream().mapToLong(part -> Segment.HEADER + part.bytes().length).sum());
      requireSame(
          entries(header, segments),
          block
              .entries()
              .subList((int) (start - block.header().firstSequence()), block.entries().size()));
      if (start == block.header().firstSequence()) {
        assertThat(header).isEqualTo(block.header());
      }
    }
  }

  @Property(tries = 30)
  void aBlockIsNotCutInsideATransaction(@ForAll long seed) {
    SampleBlock block = SampleBlock.of(seed);
    for (LogEntry entry : block.entries()) {
      if (!block.starts().contains(entry.sequence())) {
        Restartable source = new Restartable(block.segments());
        assertThatThrownBy(
                () -> BlockCut.after(block.header(), source, source::reopen, entry.sequence()))
            .isInstanceOf(StorageException.class)
            .hasMessageContaining("in the middle of a transaction");
      }
    }
  }

  @Property(tries = 500)
  void aDamagedBlockIsTheSameOrRefused(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int times) throws IOException {
    SampleBlock block = SampleBlock.of(seed % 50);
    byte[] bytes = Mutation.of(block.encode(), seed, times);
    try {
      assertThat(BlockHeader.decode(bytes)).isEqualTo(block.header());
      requireSame(entries(bytes), block.entries());
    } catch (StorageException refused) {
      assertThat(refused.code()).isIn(ErrorCode.CORRUPT, ErrorCode.WRONG_FORMAT);
    }
  }

  /** An upstream that means harm computes its checksums right. */
  @Property(tries = 500)
  void aForgedSegmentIsReadOrRefused(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int times) throws IOException {
    SampleBlock block = SampleBlock.of(seed % 50);
    List<Segment> forged = new ArrayList<>();
    for (Segment segment : block.segments()) {
      byte[] bytes = Mutation.of(segment.bytes(), seed, times);
      if (bytes.length > 0 && bytes.length <= Segment.MAX_COMPRESSED) {
        forged.add(new Segment(segment.uncompressedLength(), Mutation.crc(bytes), bytes));
      }
    }
    try {
      entries(block.header(), forged).forEach(CodecPropertiesTest::requirePossible);
    } catch (StorageException refused) {
      assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT);
    }
  }

  @Property(tries = 500)
  void anyRecordsInsideASegmentAreReadOrRefused(@ForAll @Size(max = 300) byte[] records)
      throws IOException {
    if (records.length == 0) {
      return;
    }
    byte[] tame = records.clone();
    for (int i = 0; i < tame.length; i += 3) {
      tame[i] = (byte) Math.floorMod(tame[i], 6); // most are a known kind of record
    }
    for (byte[] raw : List.of(records, tame)) {
      try {
        entries(
                SampleBlock.of(1).header(),
                List.of(
                    Segment.compress(raw, raw.length, new byte[Segment.maxCompressed(raw.length)])))
            .forEach(CodecPropertiesTest::requirePossible);
      } catch (StorageException refused) {
        assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT);
      }
    }
  }

  @Property(tries = 500)
  void aForgedHeadOfABlockIsReadOrRefused(@ForAll long seed) {
    byte[] bytes = SampleBlock.of(seed % 50).header().encode();
    Random random = new Random(seed);
    for (int i = 1 + random.nextInt(12); i > 0; i--) {
      bytes[8 + random.nextInt(BlockHeader.LENGTH - 12)] = (byte) random.nextInt();
    }
    Bytes.putInt(bytes, 156, Mutation.crc(Arrays.copyOf(bytes, 156)));
    try {
      BlockHeader header = BlockHeader.decode(bytes);
      assertThat(header.firstSequence()).isPositive();
      assertThat(header.lastSequence()).isGreaterThanOrEqualTo(header.firstSequence());
      assertThat(header.bodyLength()).isNotNegative();
      assertThat(header.encode()).isEqualTo(bytes);
    } catch (StorageException refused) {
      assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT);
    }
  }

  @Property
  void theHeadOfADatabaseComesBackAsItWas(
      @ForAll long[] numbers, @ForAll @Size(32) byte[] chain, @ForAll long seed) {
    long[] some = Arrays.copyOf(numbers, 7);
    Head head =
        new Head(
            some[0],
            ChainHash.of(chain, 0),
            new ContentDigest(some[1], some[2]),
            new Position(some[3], (int) some[4], some[5]),
            some[6],
            seed);
    byte[] bytes = new byte[MetaFormat.HEAD_LENGTH];
    MetaFormat.encodeHead(head, some[2], bytes);
    assertThat(MetaFormat.decodeHead(bytes, "here")).isEqualTo(head);
    assertThat(MetaFormat.pairs(bytes)).isEqualTo(some[2]);
    sameOrCorrupt(
        head, () -> MetaFormat.decodeHead(Mutation.of(bytes, seed, 1 + chain[0] & 3), "here"));
  }

  @Property
  void theIdentityOfADatabaseComesBackAsItWas(
      @ForAll long high,
      @ForAll @StringLength(max = 60) String keyType,
      @ForAll @StringLength(max = 60) String valueType,
      @ForAll long seed) {
    // A lone surrogate is no character and has no UTF-8.
    DatabaseIdentity identity =
        new DatabaseIdentity(
            new UUID(high, seed),
            "dns",
            keyType.replaceAll("\\p{Cs}", ""),
            valueType.replaceAll("\\p{Cs}", ""));
    byte[] bytes = MetaFormat.encodeIdentity(identity);
    assertThat(MetaFormat.decodeIdentity(bytes, "here")).isEqualTo(identity);
    sameOrCorrupt(identity, () -> MetaFormat.decodeIdentity(Mutation.of(bytes, seed, 2), "here"));
    byte[] cut = Arrays.copyOf(bytes, new Random(seed).nextInt(bytes.length));
    if (cut.length > 4) {
      Bytes.putInt(cut, cut.length - 4, Mutation.crc(Arrays.copyOf(cut, cut.length - 4)));
    }
    assertThatThrownBy(() -> MetaFormat.decodeIdentity(cut, "here"))
        .isInstanceOf(StorageException.class);
  }

  private static void requireSame(List<LogEntry> found, List<LogEntry> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      LogEntry one = found.get(i);
      LogEntry other = expected.get(i);
      assertThat(Arrays.equals(one.key(), other.key()) && Arrays.equals(one.value(), other.value()))
          .as("key and value of entry %d", i)
          .isTrue();
      assertThat(List.of(one.sequence(), one.operation(), one.commitLsn(), one.commitTime()))
          .isEqualTo(
              List.of(other.sequence(), other.operation(), other.commitLsn(), other.commitTime()));
    }
  }

  private static void requirePossible(LogEntry entry) {
    boolean clears = entry.operation() == Operation.CLEAR;
    assertThat(entry.key().length).isBetween(clears ? 0 : 1, clears ? 0 : RecordFormat.MAX_KEY);
    assertThat(entry.value().length).isLessThanOrEqualTo(RecordFormat.MAX_VALUE);
  }

  private static void sameOrCorrupt(Object expected, java.util.function.Supplier<Object> decode) {
    Object found;
    try {
      found = decode.get();
    } catch (StorageException refused) {
      assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT);
      return;
    }
    assertThat(found).isEqualTo(expected);
  }

  /** Reads a block from its bytes as a follower does. */
  private static List<LogEntry> entries(byte[] bytes) throws IOException {
    BlockHeader header = BlockHeader.decode(bytes);
    int[] at = {BlockHeader.LENGTH};
    return entries(
        header,
        () -> {
          if (at[0] - BlockHeader.LENGTH >= header.bodyLength()) {
            return null;
          }
          Segment segment = Segment.decode(bytes, at[0]);
          at[0] += Segment.HEADER + segment.bytes().length;
          return segment;
        });
  }

  private static List<LogEntry> entries(BlockHeader header, List<Segment> segments)
      throws IOException {
    Iterator<Segment> left = segments.iterator();
    return entries(header, () -> left.hasNext() ? left.next() : null);
  }

  private static List<LogEntry> entries(BlockHeader header, SegmentSource segments)
      throws IOException {
    BlockEntries entries = new BlockEntries(header, segments);
    List<LogEntry> read = new ArrayList<>();
    for (LogEntry next = entries.next(); next != null; next = entries.next()) {
      read.add(next);
    }
    return read;
  }

  /** Segments that can be read again from the first on. */
  private static final class Restartable implements SegmentSource {
    private final List<Segment> segments;
    private Iterator<Segment> left;

    Restartable(List<Segment> segments) {
      this.segments = segments;
      this.left = segments.iterator();
    }

    void reopen() {
      left = segments.iterator();
    }

    @Override
    public @Nullable Segment next() {
      return left.hasNext() ? left.next() : null;
    }
  }
}
