/**
 * The local read side of an edge machine: what a program on the machine links to read a node's
 * databases without asking the node.
 *
 * <p>{@link dev.quicksilver.edge.EdgeReader} maps the LMDB environment of a database read-only into
 * the program's memory. It needs no running node: reads go on when the node is down, restarted or
 * upgraded. When the node puts a new generation into use (a bootstrap, a compaction), the reader
 * moves to it by itself; so do its scans and {@link dev.quicksilver.edge.Subscription}s. What
 * follows the generations is storage's {@code FollowedDatabases}, as for the bridge and RESP.
 *
 * <p>Programs in other languages read the same files: {@code docs/layout.md} says how, {@code
 * src/main/c/quicksilver_get.c} does it in C.
 *
 * <p><b>Hot path:</b> {@link dev.quicksilver.edge.EdgeReader#get(byte[], int,
 * dev.quicksilver.storage.record.PairBuffer)}: one compare-and-set on a cache line that no other
 * thread is likely to want, a comparison with the newest commit, and one look-up. No allocation, no
 * lock, no system call but for the renewal after a commit, and no clock: a daemon thread lets
 * snapshots go that were not used for some 20 to 40 ms, and looks for another generation every 100
 * ms. When nobody has read for that long, it does so once a second, and the first read after that
 * looks by itself.
 *
 * <p><b>Threads:</b> everything is safe for all threads, virtual ones included. Readers never wait
 * for the node's writes nor for each other. A listener is called by the one thread of its
 * subscription.
 *
 * <p><b>Failure:</b> {@link dev.quicksilver.storage.StorageException} with a stable code. A value
 * is returned only if its checksum is right.
 *
 * <p>A program that uses this needs the JVM flags {@code --add-opens=java.base/java.nio=ALL-UNNAMED
 * --add-opens=java.base/sun.nio.ch=ALL-UNNAMED --enable-native-access=ALL-UNNAMED}.
 */
@NullMarked
package dev.quicksilver.edge;

import org.jspecify.annotations.NullMarked;
