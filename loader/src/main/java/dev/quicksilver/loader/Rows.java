package dev.quicksilver.loader;

import dev.quicksilver.loader.Batch.Row;
import dev.quicksilver.loader.map.Mapping.Pair;
import dev.quicksilver.loader.read.Extent;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * The rows of a batch, kept as bytes in a few large arrays: as objects, millions of them would be
 * moved by the garbage collector while they wait. One is made an object again when it is asked for.
 * Not thread-safe.
 *
 * <p>A row in its array, numbers with the highest byte first:
 *
 * <pre>
 *  0  source, bytes of the record, of the key, of the value          4 bytes each
 * 16  number, offset, length                                         8 bytes each
 * 40  of a text line and last line, else number and bytes of its key 8 bytes each
 * 56  flags: an earlier batch has the key, it is no text, it is whole 1 byte
 * 57  the record, key, value
 * </pre>
 */
final class Rows extends AbstractList<Row> implements RandomAccess {
  private static final int HEAD = 57;
  private static final int RECORD_LENGTH = 4;
  private static final int KEY_LENGTH = 8;
  private static final int VALUE_LENGTH = 12;
  private static final int NUMBER = 16;
  private static final int FLAGS = 56;
  private static final int AGAIN = 1;
  private static final int BINARY = 2;
  private static final int WHOLE = 4;
  private static final int ARRAY = 1 << 18;

  private final List<ByteBuffer> arrays = new ArrayList<>();

  /** Of each row the number of its array in the upper half, and where it begins in the lower. */
  private long[] places = new long[1024];

  private int size;
  private int again;

  @Override
  public boolean add(Row row) {
    if (size == places.length) {
      places = Arrays.copyOf(places, 2 * size);
    }
    places[size++] = append(row);
    again += row.again() ? 1 : 0;
    return true;
  }

  /** Puts another row there; what was there stays in its array. */
  @Override
  public Row set(int index, Row row) {
    Row before = get(index);
    places[index] = append(row);
    again += (row.again() ? 1 : 0) - (before.again() ? 1 : 0);
    return before;
  }

  private long append(Row row) {
    Extent extent = row.extent();
    byte[] key = row.pair().key();
    byte[] value = row.pair().value();
    int held = extent.held();
    ByteBuffer array = room(Math.addExact(HEAD + key.length, held + value.length));
    int at = array.position();
    array
        .putInt(row.source())
        .putInt(held)
        .putInt(key.length)
        .putInt(value.length)
        .putLong(row.number())
        .putLong(extent.offset())
        .putLong(extent.length());
    int flags = (row.again() ? AGAIN : 0) | (extent.isWhole() ? WHOLE : 0);
    switch (extent) {
      case Extent.OfLines of ->
          array.putLong(of.line()).putLong(of.lastLine()).put((byte) flags).put(of.text());
      case Extent.OfPair of ->
          array
              .putLong(of.number())
              .putLong(of.key().length)
              .put((byte) (flags | BINARY))
              .put(of.key())
              .put(of.value());
    }
    array.put(key).put(value);
    return (long) (arrays.size() - 1) << 32 | at;
  }

  private ByteBuffer room(int bytes) {
    if (arrays.isEmpty() || arrays.getLast().remaining() < bytes) {
      arrays.add(ByteBuffer.allocate(Math.max(ARRAY, bytes)));
    }
    return arrays.getLast();
  }

  @Override
  public Row get(int index) {
    ByteBuffer array = array(index);
    int at = at(index);
    int key = at + HEAD + array.getInt(at + RECORD_LENGTH);
    int value = key + array.getInt(at + KEY_LENGTH);
    var pair =
        new Pair(
            bytes(array, key, value - key), bytes(array, value, array.getInt(at + VALUE_LENGTH)));
    boolean again = (array.get(at + FLAGS) & AGAIN) != 0;
    return new Row(array.getInt(at), array.getLong(at + NUMBER), extent(array, at), pair, again);
  }

  private static Extent extent(ByteBuffer array, int at) {
    int record = at + HEAD;
    int held = array.getInt(at + RECORD_LENGTH);
    long offset = array.getLong(at + NUMBER + 8);
    long length = array.getLong(at + NUMBER + 16);
    long first = array.getLong(at + NUMBER + 24);
    long second = array.getLong(at + NUMBER + 32);
    byte flags = array.get(at + FLAGS);
    if ((flags & BINARY) == 0) {
      return new Extent.OfLines(first, second, offset, length, bytes(array, record, held));
    }
    int keyLength = (int) second;
    byte[] key = bytes(array, record, keyLength);
    byte[] value = bytes(array, record + keyLength, held - keyLength);
    return new Extent.OfPair(first, offset, length, key, value, (flags & WHOLE) != 0);
  }

  private static byte[] bytes(ByteBuffer array, int from, int length) {
    byte[] bytes = new byte[length];
    array.get(from, bytes);
    return bytes;
  }

  @Override
  public int size() {
    return size;
  }

  /** How many have a key that an earlier batch has. */
  int again() {
    return again;
  }

  /** Writes a row's key and value. */
  void write(int index, CopyRows out) throws SQLException {
    ByteBuffer array = array(index);
    int at = at(index);
    int key = at + HEAD + array.getInt(at + RECORD_LENGTH);
    int keyLength = array.getInt(at + KEY_LENGTH);
    int value = key + keyLength;
    out.pair(array, key, keyLength, array, value, array.getInt(at + VALUE_LENGTH));
  }

  private ByteBuffer array(int index) {
    return arrays.get((int) (places[index] >>> 32));
  }

  private int at(int index) {
    return (int) places[index];
  }
}
