package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.function.LongSupplier;

/** The one row of {@code count(*)}, unless LIMIT or OFFSET leave it out. */
final class CountedRows implements Rows {
  private final LongSupplier counter;
  private final int columns;
  private boolean left;
  private long count;

  /** Counts when the row is asked for. */
  CountedRows(LongSupplier counter, int columns, Window window) {
    this.counter = counter;
    this.columns = columns;
    this.left = window.limit() > 0 && window.offset() == 0;
  }

  @Override
  public boolean next() {
    if (!left) {
      return false;
    }
    left = false;
    count = counter.getAsLong();
    return true;
  }

  @Override
  public void write(MessageWriter out, boolean[] binary) {
    for (int i = 0; i < columns; i++) {
      Output.number(Type.INT8, count, out, binary[i]);
    }
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void close() {
    left = false;
  }
}
