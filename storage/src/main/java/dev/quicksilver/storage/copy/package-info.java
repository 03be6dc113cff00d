/**
 * Makes databases of other things, and proves them: copies of a live database in short steps
 * ({@link dev.quicksilver.storage.copy.SnapshotCopy}, in two halves for a network: {@link
 * dev.quicksilver.storage.copy.SnapshotPiece} and {@link
 * dev.quicksilver.storage.copy.PrefixReplica}), loads of sorted pairs ({@link
 * dev.quicksilver.storage.copy.BulkLoad}), compaction, and the {@link
 * dev.quicksilver.storage.copy.Verifier} without which no copy is used. Nothing in storage knows
 * this package.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.storage.copy.PrefixSession#append} for each pair of a
 * piece or a load. Commits do not wait for the disk; the end does.
 *
 * <p><b>Threads:</b> each object is for one thread at a time, and what writes needs a platform
 * thread. The database that is copied or verified goes on being read and written.
 *
 * <p><b>Failure:</b> {@link dev.quicksilver.storage.lmdb.StorageException}. A copy that was killed
 * goes on where it was; one that cannot be trusted begins anew, and is never opened as a database.
 */
@NullMarked
package dev.quicksilver.storage.copy;

import org.jspecify.annotations.NullMarked;
