/**
 * The status page of a process: one HTML page that shows the tree of nodes, their state and this
 * process's own databases, and on this machine's own listener also the newest entries of a log and
 * the search of a key.
 *
 * <p>The way of a request: {@link dev.quicksilver.cli.page.StatusPage} reads the query and takes
 * the status, {@link dev.quicksilver.cli.page.Overview} makes of it what is shown (with {@link
 * dev.quicksilver.cli.page.Tree} and {@link dev.quicksilver.cli.page.Picture}), {@link
 * dev.quicksilver.cli.page.Html} writes it with the templates in {@code src/main/jte}. The
 * templates write what is made here and decide nothing; they escape all of it.
 *
 * <p><b>Bounds:</b> whatever a status holds, the page has at most {@value
 * dev.quicksilver.cli.page.Overview#MAX_ROWS} rows in a table and {@value
 * dev.quicksilver.cli.page.Tree#MAX_DRAWN} boxes in the picture, and a text at most {@value
 * dev.quicksilver.cli.page.Shown#LONGEST_NAME} characters. No class of the template library is
 * loaded before the first page is asked for.
 *
 * <p><b>Threads:</b> everything may be used by all; what is shown is immutable.
 */
@NullMarked
package dev.quicksilver.cli.page;

import org.jspecify.annotations.NullMarked;
