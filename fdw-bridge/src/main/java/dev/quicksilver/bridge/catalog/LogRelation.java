package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.storage.Head;
import dev.quicksilver.storage.LogEntry;
import dev.quicksilver.storage.LogScan;
import dev.quicksilver.storage.Operation;
import dev.quicksilver.storage.Snapshot;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The retained log of a database: sequence, op, key, value, commit_time, lsn, transaction. A
 * transaction is named by the sequence of its first entry.
 */
final class LogRelation {
  private LogRelation() {}

  /**
   * The log as a relation.
   *
   * @param snapshot the transaction's snapshot, taken when first asked for
   * @param newest a head for estimates, which needs no snapshot
   */
  static Relation of(
      String name,
      String keyType,
      String valueType,
      Supplier<Snapshot> snapshot,
      Supplier<Head> newest) {
    Type key = keyType.equals("bytea") ? Type.BYTEA : Type.TEXT;
    Type value = PairRelation.valueType(valueType);
    List<Column> columns =
        List.of(
            Column.of("sequence", Type.INT8, true),
            Column.of("op", Type.TEXT, true),
            Column.of("key", key, false),
            new Column("value", value, Optional.of(PairRelation.domain(value)), false, false),
            Column.of("commit_time", Type.TIMESTAMPTZ, true),
            Column.of("lsn", Type.PG_LSN, true),
            Column.of("transaction", Type.INT8, true));
    return new RowsRelation(
        "public",
        name + "_log",
        columns,
        () -> entries(snapshot.get().head()),
        () -> entries(newest.get()),
        () -> entries(snapshot.get(), key, value));
  }

  private static long entries(Head head) {
    return Math.max(0, head.lastSequence() - head.oldestSequence() + 1);
  }

  private static Iterator<@Nullable Object[]> entries(Snapshot snapshot, Type key, Type value) {
    var head = snapshot.head();
    if (head.lastSequence() == 0 || head.oldestSequence() > head.lastSequence()) {
      return List.<@Nullable Object[]>of().iterator();
    }
    LogScan scan = snapshot.scanLog(Math.max(1, head.oldestSequence()));
    return new Iterator<>() {
      private @Nullable LogEntry entry = scan.next();
      private long lsn = -1;
      private long transaction;

      @Override
      public boolean hasNext() {
        return entry != null;
      }

      @Override
      public @Nullable Object[] next() {
        LogEntry current = entry;
        if (current == null) {
          throw new NoSuchElementException();
        }
        if (current.commitLsn() != lsn) {
          lsn = current.commitLsn();
          transaction = current.sequence();
        }
        boolean keyed = current.operation() != Operation.CLEAR;
        boolean valued = current.operation() == Operation.SET;
        @Nullable Object[] row = {
          current.sequence(),
          current.operation().name(),
          keyed ? PairRelation.decode(key, current.key(), 0, current.key().length) : null,
          valued ? PairRelation.decode(value, current.value(), 0, current.value().length) : null,
          current.commitTime(),
          current.commitLsn(),
          transaction
        };
        entry = scan.next();
        return row;
      }
    };
  }
}
