package dev.quicksilver.storage.log;

import dev.quicksilver.storage.record.Operation;

/**
 * One entry of a database's log.
 *
 * @param sequence 1, 2, 3 … without a gap
 * @param key empty for CLEAR
 * @param value empty for DEL and CLEAR
 * @param commitLsn PostgreSQL's LSN of the commit record; the same for all entries of a transaction
 * @param commitTime PostgreSQL's commit time in µs since 1970-01-01 UTC; not monotonic
 */
public record LogEntry(
    long sequence,
    Operation operation,
    byte[] key,
    byte[] value,
    long commitLsn,
    long commitTime) {}
