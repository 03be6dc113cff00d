/**
 * From syntax tree to rows: name and type resolution, planning, and execution.
 *
 * <p>Hot path: a scan of one table with plain columns ({@code Query.Direct}), which copies bytes
 * from storage into the output without making an object per cell. A query runs on the thread of its
 * connection and belongs to it. What cannot be answered exactly is an error 0A000 with a hint how
 * to let PostgreSQL evaluate it locally.
 */
@NullMarked
package dev.quicksilver.bridge.engine;

import org.jspecify.annotations.NullMarked;
