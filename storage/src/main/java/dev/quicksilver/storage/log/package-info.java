/**
 * The log: entries in {@link dev.quicksilver.storage.log.BlockHeader blocks}, which hold whole
 * transactions and stand in compressed {@link dev.quicksilver.storage.log.Segment}s; how they are
 * written, read from any transaction on, cut, and taken away when they are old. The same bytes go
 * over the wire.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.storage.log.BlockDecoder}, {@link
 * dev.quicksilver.storage.log.BlockEncoder} and {@link dev.quicksilver.storage.log.LogWriter}: a
 * segment and a value in memory, whatever the size of a block.
 *
 * <p><b>Threads:</b> nothing here is shared; readers hold no snapshot between two calls.
 *
 * <p><b>Failure:</b> {@link dev.quicksilver.storage.lmdb.StorageException}: CORRUPT for what is not
 * a block, NOT_IN_LOG for what was taken away or is not the beginning of a transaction.
 */
@NullMarked
package dev.quicksilver.storage.log;

import org.jspecify.annotations.NullMarked;
