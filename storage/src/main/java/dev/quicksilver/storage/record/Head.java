package dev.quicksilver.storage.record;

/**
 * Where a database stands: committed with the data in the same LMDB transaction.
 *
 * @param lastSequence 0 while there is no entry
 * @param chainHash the history up to the last sequence
 * @param contentDigest the live pairs
 * @param position how far into PostgreSQL's WAL
 * @param commitTime commit time of the last entry, µs since 1970-01-01 UTC, 0 while there is none
 * @param oldestSequence the first sequence that the log still holds; lastSequence + 1 if it holds
 *     none
 */
public record Head(
    long lastSequence,
    ChainHash chainHash,
    ContentDigest contentDigest,
    Position position,
    long commitTime,
    long oldestSequence) {}
