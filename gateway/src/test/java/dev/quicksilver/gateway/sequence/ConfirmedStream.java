package dev.quicksilver.gateway.sequence;

import java.nio.ByteBuffer;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** Remembers what is confirmed to PostgreSQL; nothing is ever read from it. */
public final class ConfirmedStream implements PGReplicationStream {
  private long received;
  private long flushed;
  private long applied;

  /** PostgreSQL has sent everything up to here. */
  void received(long lsn) {
    received = lsn;
  }

  long flushed() {
    return flushed;
  }

  @Override
  public ByteBuffer read() {
    throw new UnsupportedOperationException();
  }

  @Override
  public ByteBuffer readPending() {
    throw new UnsupportedOperationException();
  }

  @Override
  public LogSequenceNumber getLastReceiveLSN() {
    return LogSequenceNumber.valueOf(received);
  }

  @Override
  public LogSequenceNumber getLastFlushedLSN() {
    return LogSequenceNumber.valueOf(flushed);
  }

  @Override
  public LogSequenceNumber getLastAppliedLSN() {
    return LogSequenceNumber.valueOf(applied);
  }

  @Override
  public void setFlushedLSN(LogSequenceNumber lsn) {
    if (lsn.asLong() != applied) {
      throw new IllegalStateException("flushed " + lsn + " but applied " + applied);
    }
    flushed = lsn.asLong();
  }

  @Override
  public void setAppliedLSN(LogSequenceNumber lsn) {
    applied = lsn.asLong();
  }

  @Override
  public void forceUpdateStatus() {}

  @Override
  public boolean isClosed() {
    return false;
  }

  @Override
  public void close() {}
}
