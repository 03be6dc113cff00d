/**
 * Loading files into a database's table, through PostgreSQL, so that the WAL stays the only order.
 *
 * <p><b>Contract.</b> {@link dev.quicksilver.loader.Load} writes the pairs of its sources in
 * batches, and commits with each batch how far it has come: killed at any point, the same load goes
 * on there. Every record that was read is counted once: loaded, unchanged, rejected or duplicate.
 *
 * <p><b>Hot path.</b> A thread reads ({@code read}), maps ({@code map}) and fills {@code Batch}es;
 * the caller's writes them ({@code BatchWriter}): COPY into the table as long as all keys are new,
 * else COPY into a temporary table and INSERT … ON CONFLICT. Memory is three batches.
 *
 * <p><b>Failure.</b> {@link dev.quicksilver.loader.LoadException}, with place and cure; what was
 * committed stays, and is counted.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader;
