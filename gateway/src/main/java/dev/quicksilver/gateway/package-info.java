/**
 * From PostgreSQL's WAL to sequenced entries: the write root.
 *
 * <p><b>Contract.</b> Every commit that touches a published table becomes one transaction of
 * entries in each database it touches, exactly once and in WAL order. All that an entry holds
 * follows from the WAL, so any node that starts from the same position makes the same entries.
 * PostgreSQL is told that it may forget WAL only once it is durable here.
 *
 * <p><b>Hot path.</b> {@code SlotReader} (one thread, blocked in the driver, which also confirms) →
 * {@code MessageQueue} (bounded by bytes) → {@code PgOutputDecoder} → {@code Sequencer} (one
 * thread, which owns LMDB's write transactions). It commits at once after a pause, under load once
 * per window or per 8 MiB, always between two PostgreSQL transactions. Beside it {@code
 * StatusPublisher} (a thread of its own) writes into PostgreSQL what is where, and answers sessions
 * that wait ({@code Waiters}).
 *
 * <p><b>Session.</b> {@code SlotSession} is a state machine: {@code SlotState} lists the states and
 * what leads to them, {@code Transitions} is the only way from one to another and closes what is
 * left behind, {@code AfterFailure} decides what a failure leads to.
 *
 * <p><b>Threads.</b> {@link dev.quicksilver.gateway.Gateway} may be used from any thread; all other
 * types belong to its sequencer thread unless they say otherwise.
 *
 * <p><b>Failure.</b> A connection that is lost is made again, for ever; what was not committed is
 * thrown away and read again. What repetition cannot cure is a {@link
 * dev.quicksilver.gateway.GatewayException}: the gateway stops and {@code await()} throws it.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway;
