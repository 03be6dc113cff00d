/**
 * One LMDB environment and its pages: opening, read transactions, cursors, free pages, the native
 * calls, LMDB's errors in our words, and small things that all of storage needs (bytes, durable
 * files, fail points). It knows nothing of what a record means.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.storage.lmdb.TreeCursor#find} and {@link
 * dev.quicksilver.storage.lmdb.PageMap#search}, which read LMDB's pages where they are mapped.
 * Beginning and ending a read transaction, and puts, are called through {@code java.lang.foreign},
 * and so is all else that a reader needs; what is left of writing goes through lmdbjava on the same
 * native library and the same {@code MDB_env}.
 *
 * <p><b>Threads:</b> {@link dev.quicksilver.storage.lmdb.Environment} is safe for all threads; a
 * {@link dev.quicksilver.storage.lmdb.ReadTransaction} and its cursors are for one at a time.
 *
 * <p><b>Failure:</b> {@link dev.quicksilver.storage.lmdb.StorageException}. Each field of a page is
 * checked before it is followed, so that a damaged file leads to CORRUPT, never out of the map.
 *
 * <p>Other modules use the exception and its codes, {@link
 * dev.quicksilver.storage.lmdb.StorageOptions}, {@link dev.quicksilver.storage.lmdb.Durable} and
 * {@link dev.quicksilver.storage.lmdb.FailPoint}; the environment is storage's own.
 */
@NullMarked
package dev.quicksilver.storage.lmdb;

import org.jspecify.annotations.NullMarked;
