/**
 * A server that speaks RESP, the protocol of Redis (versions 2 and 3), over a node's databases, so
 * that every language has a client for local reads.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.edge.resp.EventLoop} waits for sockets, {@code
 * Connection.ready} reads what has come, {@code RequestParser} finds the commands in it, {@code
 * Commands} runs them against the loop's snapshot, which is renewed with each socket that has
 * something to say, and all replies leave in one write. A GET allocates nothing.
 *
 * <p><b>Threads:</b> a connection belongs to one loop; what loops share says so.
 *
 * <p><b>Failure:</b> an error reply that names the cure; a client that breaks the protocol, or does
 * not take its replies, is closed. Memory for clients is bounded in bytes ({@code Memory}).
 *
 * <p>To try it: {@code ./quicksilver serve --data-directory …} and {@code redis-cli -p 7379}.
 */
@NullMarked
package dev.quicksilver.edge.resp;

import org.jspecify.annotations.NullMarked;
