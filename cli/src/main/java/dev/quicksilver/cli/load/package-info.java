/**
 * {@code ./quicksilver load}: from flags to a load, its progress on a terminal or in a log, and
 * what is said at its end.
 *
 * <p>{@code LoadCommand} → {@link dev.quicksilver.loader.Load}.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.cli.load;
