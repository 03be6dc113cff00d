/**
 * The commands, one class each. A command reads its configuration, does its work with the other
 * modules' public surface and returns a code of {@link dev.quicksilver.cli.process.ExitCode}.
 *
 * <p>Standard output is only ever the answer (text for people, JSON with {@code --json}); logs and
 * errors go to standard error.
 */
@NullMarked
package dev.quicksilver.cli.command;

import org.jspecify.annotations.NullMarked;
