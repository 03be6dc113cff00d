/**
 * The closed set of statements that the bridge answers by itself, from the tree of a database.
 *
 * <p>{@link dev.quicksilver.bridge.seek.Seek#plan} is the way in. One rule stands above all: a seek
 * never guesses. A statement that is not certainly in the set, or a constant that is not certainly
 * what PostgreSQL would read, is no seek, and whoever asked lets PostgreSQL evaluate it, which then
 * also raises PostgreSQL's own errors.
 *
 * <p>Reading a statement goes through {@code Table} (its FROM), {@code Conditions} and {@code
 * Constants} (its WHERE), {@code Ordering} and {@code Limits}; {@code Outside} is thrown where it
 * leaves the set and is caught in {@code Seek}. What was read is a {@code Condition}, from which
 * {@code Bounds} derives the keys that can matter. Hot: {@code Condition.test} and the rows, for
 * which nothing is allocated per row. A seek belongs to one session.
 *
 * <p>{@link dev.quicksilver.bridge.seek.Narrowing} is for all other statements: the keys whose rows
 * can matter to them, whatever PostgreSQL does with these rows. {@code BlockReader} says why that
 * is enough.
 */
@NullMarked
package dev.quicksilver.bridge.seek;

import org.jspecify.annotations.NullMarked;
