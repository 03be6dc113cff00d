package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The retained log of a database: sequence, op, key, value, commit_time, lsn, transaction. A
 * transaction is named by the sequence of its first entry.
 */
final class LogRelation implements Relation {
  static final int SEQUENCE = 0;
  static final int OP = 1;
  static final int KEY = 2;
  static final int VALUE = 3;
  static final int COMMIT_TIME = 4;
  static final int LSN = 5;
  static final int TRANSACTION = 6;

  private final String name;
  private final Type keyType;
  private final Type valueType;
  private final Supplier<Snapshot> snapshot;
  private final Supplier<Head> newest;
  private final List<Column> columns;

  /**
   * The log as a relation.
   *
   * @param snapshot the transaction's snapshot, taken when first asked for
   * @param newest a head for estimates, which needs no snapshot
   */
  LogRelation(
      String database,
      String keyType,
      String valueType,
      Supplier<Snapshot> snapshot,
      Supplier<Head> newest) {
    this.name = database + "_log";
    this.keyType = keyType.equals("bytea") ? Type.BYTEA : Type.TEXT;
    this.valueType = PairRelation.valueType(valueType);
    this.snapshot = snapshot;
    this.newest = newest;
    this.columns =
        List.of(
            Column.of("sequence", Type.INT8, true),
            Column.of("op", Type.TEXT, true),
            Column.of("key", this.keyType, false),
            new Column(
                "value",
                this.valueType,
                Optional.of(PairRelation.domain(this.valueType)),
                false,
                false),
            Column.of("commit_time", Type.TIMESTAMPTZ, true),
            Column.of("lsn", Type.PG_LSN, true),
            Column.of("transaction", Type.INT8, true));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public long rows() {
    return entries(snapshot.get().head());
  }

  @Override
  public long estimate() {
    return entries(newest.get());
  }

  private static long entries(Head head) {
    return Math.max(0, head.lastSequence() - head.oldestSequence() + 1);
  }

  @Override
  public boolean rowsAreExact() {
    return false;
  }

  @Override
  public int rowWidth() {
    return 100;
  }

  @Override
  public int keyColumn() {
    return -1;
  }

  @Override
  public int sequenceColumn() {
    return SEQUENCE;
  }

  @Override
  public long firstSequence() {
    return Math.max(1, snapshot.get().head().oldestSequence());
  }

  @Override
  public long lastSequence() {
    return snapshot.get().head().lastSequence();
  }

  @Override
  public RelationCursor open(KeySet keys, boolean backward, BitSet wanted) {
    return openSequences(1, Long.MAX_VALUE, wanted);
  }

  @Override
  public RelationCursor openSequences(long from, long to, BitSet wanted) {
    Snapshot reader = snapshot.get();
    long oldest = firstSequence();
    long first = Math.max(from, oldest);
    long last = Math.min(to, lastSequence());
    if (first > last) {
      return new LogCursor(keyType, valueType, null, first, last);
    }
    long start = wanted.get(TRANSACTION) ? transactionStart(reader, oldest, first) : first;
    return new LogCursor(keyType, valueType, reader.scanLog(start), first, last);
  }

  /**
   * The first entry of the transaction that an entry belongs to, searched backward in steps that
   * double.
   */
  private static long transactionStart(Snapshot reader, long oldest, long sequence) {
    LogEntry entry = reader.scanLog(sequence).next();
    if (entry == null) {
      return sequence;
    }
    long lsn = entry.commitLsn();
    long step = 1;
    while (true) {
      long from = sequence - oldest <= step ? oldest : sequence - step;
      LogScan scan = reader.scanLog(from);
      LogEntry candidate = scan.next();
      if (candidate != null && candidate.commitLsn() == lsn && from > oldest) {
        step *= 2;
        continue;
      }
      while (candidate != null && candidate.commitLsn() != lsn) {
        candidate = scan.next();
      }
      return candidate == null ? sequence : candidate.sequence();
    }
  }
}
