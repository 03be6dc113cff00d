/**
 * From the bytes of a source to records: what is compressed is unpacked, other character sets
 * become UTF-8, and each record knows its line, its byte offset and its own text, so that a bad one
 * can be handed back. Snapshots of Kyoto Cabinet and Tycoon are no text: their records know their
 * number, and have a text in hexadecimal digits.
 *
 * <p><b>Contract.</b> A record that is not well-formed is a {@link
 * dev.quicksilver.loader.read.SourceRecord} with a problem; the reader goes on after it. Nothing is
 * skipped without being told.
 *
 * <p><b>Hot path.</b> {@code Lines} → {@code TsvReader}, {@code CsvReader} (commons-csv), {@code
 * JsonLinesReader} (Jackson) or {@code KyotoLinesReader}; {@code CountedBytes} → {@code
 * SnapshotReader}; memory is bounded by the longest record that is allowed.
 *
 * <p><b>Threads.</b> A source and its reader belong to one thread.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader.read;
