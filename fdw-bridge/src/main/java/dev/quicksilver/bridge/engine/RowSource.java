package dev.quicksilver.bridge.engine;

import org.jspecify.annotations.Nullable;

/** Rows of a running plan, pulled one by one. */
interface RowSource extends AutoCloseable {
  /** The next row, or null at the end. The array belongs to the caller. */
  @Nullable Object @Nullable [] next();

  @Override
  void close();
}
