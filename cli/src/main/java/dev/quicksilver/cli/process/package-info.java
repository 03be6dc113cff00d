/**
 * What every long-running process shares: a life cycle, a log, a status, metrics, an HTTP endpoint
 * and a file that tells other processes of the machine where it is.
 *
 * <p><b>Threads:</b> parts are started by the main thread and closed, in reverse order, by
 * whichever thread ends the process; the HTTP endpoint answers on virtual threads from live
 * objects.
 *
 * <p><b>Failure:</b> a part that fails for good ends the process with one line and an exit code of
 * {@link dev.quicksilver.cli.process.ExitCode}. A stop takes at most two seconds; what is not
 * closed by then needs no closing, since storage survives SIGKILL.
 */
@NullMarked
package dev.quicksilver.cli.process;

import org.jspecify.annotations.NullMarked;
