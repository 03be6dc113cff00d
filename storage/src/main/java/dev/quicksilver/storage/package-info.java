/**
 * The storage engine: one database = one LMDB environment that holds its data, its log and its
 * head, so that one LMDB write transaction makes all three durable together. This package has what
 * a node works with: a database with its readers and writers, the set of a node's databases, and
 * where they lie.
 *
 * <p><b>Packages</b>, each of which knows only those after it: {@code copy} (copies, loads,
 * compaction, verification) → this one → {@link dev.quicksilver.storage.log} (blocks) → {@link
 * dev.quicksilver.storage.record} (pairs, head, hashes) → {@link dev.quicksilver.storage.lmdb}
 * (environment, pages, errors).
 *
 * <p><b>Layout</b> (all integers big-endian; four LMDB sub-databases in an environment):
 *
 * <pre>
 * meta    "format"   magic, format version                                   {@link dev.quicksilver.storage.record.MetaFormat}
 *         "identity" database id, name, key type, value type
 *         "head"     last sequence, chain hash, content digest, position, …
 *         "copy"     only while it is being made: the key up to which all is here {@link dev.quicksilver.storage.record.CopyState}
 * data    key (1..511 bytes) → 21-byte header + value, or header + length    {@link dev.quicksilver.storage.record.RecordFormat}
 * chunks  sequence u64, index u32 → up to 4,080 bytes of a large value
 * log     first sequence u64, piece u32 → up to 4,080 bytes of a block       {@link dev.quicksilver.storage.log.BlockHeader}
 * </pre>
 *
 * <p>Nothing is ever stored in more than 4,080 bytes, which is exactly one overflow page, so LMDB
 * never has to find several contiguous pages and the file does not fragment.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.storage.Snapshot#get(byte[], int,
 * dev.quicksilver.storage.record.PairBuffer)} and {@link dev.quicksilver.storage.Scan#next()}. They
 * walk LMDB's pages themselves and check what they follow ({@link
 * dev.quicksilver.storage.lmdb.PageMap}), inside a read transaction of LMDB's.
 *
 * <p><b>Threads:</b> {@link dev.quicksilver.storage.Database} is safe for all threads. A {@link
 * dev.quicksilver.storage.Snapshot} belongs to one thread at a time, which may be virtual. An
 * {@link dev.quicksilver.storage.Appender} or {@link dev.quicksilver.storage.Applier} must be
 * opened, used and closed by one <em>platform</em> thread, since LMDB's write lock belongs to the
 * operating system's thread. Readers never wait.
 *
 * <p><b>Failure:</b> everything is a {@link dev.quicksilver.storage.lmdb.StorageException} with a
 * stable code. Nothing is repaired in silence: a write session that failed can only be closed, and
 * leaves the database as it was.
 */
@NullMarked
package dev.quicksilver.storage;

import org.jspecify.annotations.NullMarked;
