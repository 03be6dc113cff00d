/**
 * From a database's pairs to files that a load reads: the other way round of {@code read}.
 *
 * <p><b>Contract.</b> What {@link dev.quicksilver.loader.write.Export} writes and a load with the
 * templates that it names reads, is the same pairs, byte for byte; only JSON lines turn the line
 * breaks between the parts of a JSON value into blanks.
 *
 * <p><b>Hot path.</b> {@code Scan} → {@code PairWriter} → a compressing stream; nothing is
 * allocated a pair but by JSON's escapes.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader.write;
