/**
 * {@code quicksilver demo}: the whole system on one machine, each part a process of its own, as a
 * first tour and as an end-to-end check.
 *
 * <p>The demo's process starts the others as child processes and holds their standard input: when
 * it dies, even by SIGKILL, they read the end of it and stop. What it shows it has really asked:
 * SQL on the foreign tables, and reads at the edges' memory-mapped files.
 *
 * <p><b>Failure:</b> the step that failed, in one line, after the last lines of the log of the
 * process that is to blame.
 */
@NullMarked
package dev.quicksilver.cli.demo;

import org.jspecify.annotations.NullMarked;
