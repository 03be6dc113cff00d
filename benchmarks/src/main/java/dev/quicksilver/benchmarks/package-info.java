/**
 * The bars of the issues as commands: {@code benchmarks/run NAME}. Each {@link
 * dev.quicksilver.benchmarks.Bar} starts all that it needs, says how its figure comes about, and
 * ends with one line {@code NAME: <figure> (bar: <op> <limit>) PASS|FAIL}. Speed is always a ratio
 * against a peer or a limit in the same run.
 */
@NullMarked
package dev.quicksilver.benchmarks;

import org.jspecify.annotations.NullMarked;
