package dev.quicksilver.storage.lmdb;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often reads and writes of one open environment have failed, but for what their callers had
 * asked wrongly. Thread-safe.
 */
public final class ErrorCounts {
  private final Map<ErrorCode, LongAdder> counts = new EnumMap<>(ErrorCode.class);
  private final LongAdder corruptReads = new LongAdder();

  ErrorCounts() {
    for (ErrorCode code : ErrorCode.values()) {
      if (code.owner() != ErrorCode.Owner.USER) {
        counts.put(code, new LongAdder());
      }
    }
  }

  /** Counts an error, and returns it to be thrown. */
  public StorageException add(StorageException e) {
    LongAdder count = counts.get(e.code());
    if (count != null) {
      count.increment();
    }
    return e;
  }

  /** Counts an error of a read, and returns it to be thrown. */
  public StorageException read(StorageException e) {
    if (e.code() == ErrorCode.CORRUPT) {
      corruptReads.increment();
    }
    return add(e);
  }

  /** Returns how many reads met damage. */
  public long corruptReads() {
    return corruptReads.sum();
  }

  /** Returns how often each code has come that is not the caller's own; 0 if never. */
  public Map<ErrorCode, Long> all() {
    Map<ErrorCode, Long> all = new EnumMap<>(ErrorCode.class);
    counts.forEach((code, count) -> all.put(code, count.sum()));
    return Collections.unmodifiableMap(all);
  }
}
