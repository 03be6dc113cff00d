package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.TextFormat;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Operation;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Entries of a log as rows of {@link LogRelation}. */
final class LogCursor implements RelationCursor {
  private static final Map<Operation, byte[]> NAMES = new EnumMap<>(Operation.class);

  static {
    for (Operation operation : Operation.values()) {
      NAMES.put(operation, operation.name().getBytes(StandardCharsets.US_ASCII));
    }
  }

  private final Type keyType;
  private final Type valueType;
  private final long first;
  private final long last;
  private final FieldWriter fields = new FieldWriter();
  private @Nullable LogScan scan;
  private @Nullable LogEntry entry;
  private long transaction;
  private long transactionLsn = -1;

  /**
   * Reads from a scan.
   *
   * @param scan begins with a transaction if the column transaction is wanted; null for no rows
   * @param first earlier sequences are left out
   * @param last later sequences are left out
   */
  LogCursor(Type keyType, Type valueType, @Nullable LogScan scan, long first, long last) {
    this.keyType = keyType;
    this.valueType = valueType;
    this.scan = scan;
    this.first = first;
    this.last = last;
  }

  @Override
  public boolean next() {
    LogScan source = scan;
    while (source != null) {
      LogEntry next = source.next();
      if (next == null || next.sequence() > last) {
        close();
        return false;
      }
      if (next.commitLsn() != transactionLsn) {
        transactionLsn = next.commitLsn();
        transaction = next.sequence();
      }
      if (next.sequence() >= first) {
        entry = next;
        return true;
      }
    }
    return false;
  }

  private LogEntry current() {
    LogEntry current = entry;
    if (current == null) {
      throw new IllegalStateException("no current row");
    }
    return current;
  }

  @Override
  public @Nullable Object value(int column) {
    LogEntry row = current();
    if (isNull(column)) {
      return null;
    }
    return switch (column) {
      case LogRelation.OP -> row.operation().name();
      case LogRelation.KEY -> PairRelation.decode(keyType, row.key(), 0, row.key().length);
      case LogRelation.VALUE -> PairRelation.decode(valueType, row.value(), 0, row.value().length);
      default -> number(column);
    };
  }

  @Override
  public boolean isNull(int column) {
    return switch (column) {
      case LogRelation.KEY -> current().operation() == Operation.CLEAR;
      case LogRelation.VALUE -> current().operation() != Operation.SET;
      default -> false;
    };
  }

  @Override
  public long number(int column) {
    LogEntry row = current();
    return switch (column) {
      case LogRelation.SEQUENCE -> row.sequence();
      case LogRelation.COMMIT_TIME -> row.commitTime();
      case LogRelation.LSN -> row.commitLsn();
      case LogRelation.TRANSACTION -> transaction;
      default -> throw new IllegalArgumentException("column " + column);
    };
  }

  @Override
  public byte[] buffer(int column) {
    LogEntry row = current();
    return switch (column) {
      case LogRelation.OP -> Objects.requireNonNull(NAMES.get(row.operation()));
      case LogRelation.KEY -> row.key();
      case LogRelation.VALUE -> row.value();
      default -> throw new IllegalArgumentException("column " + column);
    };
  }

  @Override
  public int offset(int column) {
    return 0;
  }

  @Override
  public int length(int column) {
    return buffer(column).length;
  }

  private Type type(int column) {
    return switch (column) {
      case LogRelation.KEY -> keyType;
      case LogRelation.VALUE -> valueType;
      default -> Type.TEXT;
    };
  }

  @Override
  public void write(int column, MessageWriter out, ZoneId zone) {
    if (isNull(column)) {
      out.int32(-1);
      return;
    }
    switch (column) {
      case LogRelation.OP, LogRelation.KEY, LogRelation.VALUE ->
          FieldWriter.bytes(type(column), buffer(column), 0, length(column), out);
      case LogRelation.COMMIT_TIME -> fields.timestamp(number(column), zone, out);
      case LogRelation.LSN -> out.textField(TextFormat.lsn(number(column)));
      default -> out.longField(number(column));
    }
  }

  @Override
  public void writeBinary(int column, MessageWriter out) {
    if (isNull(column)) {
      out.int32(-1);
      return;
    }
    switch (column) {
      case LogRelation.OP, LogRelation.KEY, LogRelation.VALUE ->
          FieldWriter.bytesInBinary(type(column), buffer(column), 0, length(column), out);
      case LogRelation.COMMIT_TIME -> FieldWriter.timestampInBinary(number(column), out);
      default -> FieldWriter.longInBinary(number(column), out);
    }
  }

  @Override
  public void close() {
    scan = null;
  }
}
