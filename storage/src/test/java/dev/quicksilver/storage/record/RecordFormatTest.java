package dev.quicksilver.storage.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The bytes of a stored pair stand where format version 1 says, and each of them counts. */
class RecordFormatTest {
  private static final byte[] KEY = {'k', 1, 2};

  /** Neither of the entry's arrays begins or ends with what belongs to it. */
  private static Entry entry(byte[] key, byte[] value, long sequence, long commitTime) {
    byte[] around = new byte[value.length + 7];
    Arrays.fill(around, (byte) 99);
    System.arraycopy(value, 0, around, 3, value.length);
    Entry entry = new Entry();
    entry.transaction(-1, commitTime);
    entry.sequence(sequence);
    entry.set(Arrays.copyOf(key, RecordFormat.MAX_KEY), key.length, around, 3, value.length);
    return entry;
  }

  /** Puts a record into a buffer as a reader does; returns its length. */
  private static int store(Entry entry, PairBuffer to) {
    byte[] header = new byte[RecordFormat.MAX_HEADER];
    int length = RecordFormat.encode(entry, new CRC32C(), header);
    System.arraycopy(header, 0, to.record, 0, length);
    if (!RecordFormat.isInline(entry.valueLength())) {
      return length;
    }
    System.arraycopy(entry.value(), entry.valueOffset(), to.record, length, entry.valueLength());
    return length + entry.valueLength();
  }

  private static int crc(byte[]... parts) {
    CRC32C crc = new CRC32C();
    for (byte[] part : parts) {
      crc.update(part);
    }
    return (int) crc.getValue();
  }

  @Test
  void aSmallValueFollowsTheHeader() {
    PairBuffer stored = new PairBuffer();
    byte[] value = {5, 6, 7, 8};
    int length = store(entry(KEY, value, 0x0102030405060708L, -2), stored);

    byte[] rest =
        ByteBuffer.allocate(21)
            .put((byte) 0)
            .putLong(0x0102030405060708L)
            .putLong(-2)
            .put(value)
            .array();
    assertThat(Arrays.copyOf(stored.record, length))
        .isEqualTo(ByteBuffer.allocate(25).putInt(crc(KEY, rest)).put(rest).array());
  }

  @Test
  void ofALargeValueTheLengthAndTheChecksumFollow() {
    PairBuffer stored = new PairBuffer();
    byte[] value = new byte[4_060];
    new Random(1).nextBytes(value);
    int length = store(entry(KEY, value, 9, 10), stored);

    byte[] rest =
        ByteBuffer.allocate(25)
            .put((byte) 1)
            .putLong(9)
            .putLong(10)
            .putInt(4_060)
            .putInt(crc(value))
            .array();
    assertThat(Arrays.copyOf(stored.record, length))
        .isEqualTo(ByteBuffer.allocate(29).putInt(crc(KEY, rest)).put(rest).array());
  }

  @Property(tries = 200)
  void whatIsEncodedComesBack(
      @ForAll @Size(min = 1, max = 511) byte[] key,
      @ForAll @IntRange(max = 10_000) int valueLength,
      @ForAll @LongRange(min = 1) long sequence,
      @ForAll long commitTime) {
    byte[] value = new byte[valueLength];
    new Random(valueLength).nextBytes(value);
    PairBuffer stored = new PairBuffer();
    int length = store(entry(key, value, sequence, commitTime), stored);

    assertThat(RecordFormat.isLength(length)).isTrue();
    assertThat(RecordFormat.decode(key, key.length, stored, length)).isNull();
    assertThat(stored.sequence()).isEqualTo(sequence);
    assertThat(stored.commitTime()).isEqualTo(commitTime);
    assertThat(stored.valueLength()).isEqualTo(valueLength);
    if (valueLength <= 4_059) {
      assertThat(stored.chunks()).isZero();
      assertThat(stored.value()).isEqualTo(value);
    } else {
      assertThat(stored.chunks()).isEqualTo((valueLength + 4_079) / 4_080);
      stored.large = value.clone();
      assertThat(RecordFormat.isValue(stored)).isTrue();
      stored.large[valueLength / 2] ^= 1;
      assertThat(RecordFormat.isValue(stored)).isFalse();
    }
  }

  @Property(tries = 200)
  void noBitCanChange(
      @ForAll @Size(min = 1, max = 40) byte[] key,
      @ForAll @Size(max = 40) byte[] value,
      @ForAll @IntRange(max = 100_000) int which) {
    PairBuffer stored = new PairBuffer();
    int length = store(entry(key, value, 3, 4), stored);
    byte[] flipped = key.clone();
    int bit = which % (8 * (length + key.length));
    if (bit < 8 * length) {
      stored.record[bit / 8] ^= (byte) (1 << bit % 8);
    } else {
      flipped[bit / 8 - length] ^= (byte) (1 << bit % 8);
    }

    assertThat(RecordFormat.decode(flipped, flipped.length, stored, length))
        .isEqualTo("its checksum is wrong");
  }
}
