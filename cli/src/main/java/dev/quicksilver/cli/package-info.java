/**
 * The {@code quicksilver} command: {@link dev.quicksilver.cli.Quicksilver} is its entry point.
 *
 * <p>The parts: {@code config} (settings), {@code process} (what long-running processes share),
 * {@code command} (one class a command, process assembly included), {@code cluster} (several
 * processes of ours on one machine), {@code demo} (the whole system on one machine).
 *
 * <p><b>Failure:</b> whatever can be expected to go wrong is one line on standard error (what,
 * where, cure) and an exit code; a stack trace only with {@code --debug}.
 */
@NullMarked
package dev.quicksilver.cli;

import org.jspecify.annotations.NullMarked;
