/**
 * {@code ./quicksilver top}: the tree below a node, live in a terminal.
 *
 * <p>{@code TopCommand} decides whether there is a terminal; {@code Poller} asks the node each
 * second; {@code TopView} makes lines of what it said, with the tree of {@code NodeTree}; {@code
 * TopScreen} draws them, and turns keys into {@code Controls}. All but the poller and the screen
 * are pure functions.
 */
@NullMarked
package dev.quicksilver.cli.top;

import org.jspecify.annotations.NullMarked;
