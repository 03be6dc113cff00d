/**
 * From PostgreSQL's WAL to sequenced entries: the write root. Here is what the gateway and those
 * who use it say to each other; {@code session.Gateway} is where it starts.
 *
 * <p><b>Contract.</b> Every commit that touches a published table becomes one transaction of
 * entries in each database it touches, exactly once and in WAL order. All that an entry holds
 * follows from the WAL, so any node that starts from the same position makes the same entries.
 * PostgreSQL is told that it may forget WAL only once it is durable here.
 *
 * <p><b>Packages</b>, from the top down; none knows one above it: {@code session} (which state the
 * root is in, and what follows) → {@code start} (may this node read on, and the first copy) →
 * {@code sequence} (messages to entries, when to commit) → {@code wal} (bytes to messages) → {@code
 * status} (what others see and ask for) and {@code central} (what PostgreSQL is asked) → this one.
 *
 * <p><b>Hot path.</b> {@code SlotReader} (one thread, blocked in the driver, which also confirms) →
 * {@code MessageQueue} (bounded by bytes) → {@code PgOutputDecoder} → {@code Sequencer} (one
 * thread, which owns LMDB's write transactions). It commits at once after a pause, under load once
 * per window or per 8 MiB, always between two PostgreSQL transactions. Beside it {@code
 * StatusPublisher} (a thread of its own) writes into PostgreSQL what is where, and answers sessions
 * that wait ({@code Waiters}).
 *
 * <p><b>Threads.</b> {@code Gateway} may be used from any thread; all other types of this module
 * belong to its sequencer thread unless they say otherwise.
 *
 * <p><b>Failure.</b> A connection that is lost is made again, for ever; what was not committed is
 * thrown away and read again. What repetition cannot cure is a {@link
 * dev.quicksilver.gateway.GatewayException}: the gateway stops and {@code await()} throws it.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway;
