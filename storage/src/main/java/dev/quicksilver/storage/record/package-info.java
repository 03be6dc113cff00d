/**
 * What the records of an environment mean: the stored pair ({@link
 * dev.quicksilver.storage.record.RecordFormat}), the records of {@code meta} ({@link
 * dev.quicksilver.storage.record.MetaFormat}), and the head, the hashes and the digests they hold.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.storage.record.PairReader} for reads, {@link
 * dev.quicksilver.storage.record.PairWriter} for writes. Neither allocates for a pair.
 *
 * <p><b>Threads:</b> records are values. A reader is for the thread of its read transaction, a
 * writer for that of its write transaction, a buffer for one at a time.
 *
 * <p><b>Failure:</b> {@link dev.quicksilver.storage.lmdb.StorageException}: CORRUPT for bytes that
 * do not match their checksum, with the key and the cure.
 */
@NullMarked
package dev.quicksilver.storage.record;

import org.jspecify.annotations.NullMarked;
