/**
 * Whether files and a database hold the same pairs.
 *
 * <p><b>Hot path.</b> The records of the sources are sorted in pieces on disk ({@code SortedPairs})
 * and walked together with a {@code Scan}; memory is one piece.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader.compare;
