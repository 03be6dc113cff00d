package dev.quicksilver.storage.log;

import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.Operation;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.storage.record.Sha256;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A block as it is on the wire, its head and then its segments, made by the encoder from entries
 * that follow from a seed.
 *
 * @param starts the sequences that its transactions begin with
 */
record SampleBlock(
    BlockHeader header, List<Segment> segments, List<LogEntry> entries, List<Long> starts) {
  private static final int[] KEY_LENGTHS = {1, 2, 29, 510, 511};
  private static final int[] VALUE_LENGTHS = {
    0, 1, 2_000, 4_059, 4_060, 4_080, 4_081, 65_535, 65_536, 65_537, 200_000
  };

  /** Makes one that holds some transactions of some entries each. */
  static SampleBlock of(long seed) {
    Random random = new Random(seed);
    long first = 1 + random.nextInt(1_000_000);
    List<LogEntry> entries = new ArrayList<>();
    List<Segment> segments = new ArrayList<>();
    List<Long> starts = new ArrayList<>();
    BlockEncoder encoder = new BlockEncoder(segments::add);
    Sha256 hash = new Sha256();
    Entry reused = new Entry();
    byte[] chain = new byte[32];
    random.nextBytes(chain);
    final ChainHash before = ChainHash.of(chain, 0);
    int transactions = 1 + random.nextInt(4);
    for (int i = 0; i < transactions; i++) {
      long lsn = random.nextLong();
      long time = random.nextLong();
      starts.add(first + entries.size());
      encoder.begin(lsn, time);
      for (int j = 1 + random.nextInt(4); j > 0; j--) {
        LogEntry entry = entry(random, first + entries.size(), lsn, time);
        fill(reused, entry);
        hash.chain(chain, reused);
        encoder.entry(reused);
        entries.add(entry);
      }
      encoder.end(random.nextLong());
    }
    encoder.flush();
    long body = segments.stream().mapToLong(part -> Segment.HEADER + part.bytes().length).sum();
    BlockHeader header =
        new BlockHeader(
            first,
            first + entries.size() - 1,
            before,
            ChainHash.of(chain, 0),
            new ContentDigest(random.nextLong(), random.nextLong()),
            new Position(random.nextLong(), random.nextInt(), random.nextLong()),
            random.nextLong(),
            body,
            encoder.uncompressedLength(),
            transactions);
    return new SampleBlock(header, segments, entries, starts);
  }

  private static void fill(Entry to, LogEntry from) {
    to.transaction(from.commitLsn(), from.commitTime());
    to.sequence(from.sequence());
    switch (from.operation()) {
      case SET -> to.set(from.key(), from.key().length, from.value(), 0, from.value().length);
      case DEL -> to.delete(from.key(), from.key().length);
      case CLEAR -> to.clear();
    }
  }

  private static LogEntry entry(Random random, long sequence, long lsn, long time) {
    Operation operation = Operation.values()[random.nextInt(Operation.values().length)];
    byte[] key = {};
    byte[] value = {};
    if (operation != Operation.CLEAR) {
      key = new byte[KEY_LENGTHS[random.nextInt(KEY_LENGTHS.length)]];
      random.nextBytes(key);
    }
    if (operation == Operation.SET) {
      value = new byte[VALUE_LENGTHS[random.nextInt(VALUE_LENGTHS.length)]];
      if (random.nextBoolean()) {
        random.nextBytes(value); // the others are zeros, which Snappy makes small
      }
    }
    return new LogEntry(sequence, operation, key, value, lsn, time);
  }

  /** Returns the head and the segments, one after the other. */
  byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header.encode());
    segments.forEach(segment -> out.writeBytes(segment.encode()));
    return out.toByteArray();
  }
}
