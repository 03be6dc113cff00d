package dev.quicksilver.storage.record;

/**
 * A live key with its value.
 *
 * @param sequence the entry that set it
 * @param commitTime when that entry was committed, in µs since 1970-01-01 UTC
 */
public record Pair(byte[] key, byte[] value, long sequence, long commitTime) {}
