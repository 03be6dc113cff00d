/**
 * Loading many pairs into a database's table.
 *
 * <p><b>Contract.</b> {@link dev.quicksilver.loader.Loader} streams a file into the table with
 * COPY, in one transaction or in batches of a given size. A row that a database could not hold ends
 * the load with its line number; the batch it is in leaves nothing behind.
 *
 * <p><b>Hot path.</b> {@code RowReader} → {@code CopyBuffer} → the driver; memory is one row and
 * one buffer, whatever the size of the file.
 *
 * <p><b>Threads.</b> A load belongs to the thread that calls it, and so does its connection.
 *
 * <p><b>Failure.</b> {@link dev.quicksilver.loader.LoadException}, with line and cure.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader;
