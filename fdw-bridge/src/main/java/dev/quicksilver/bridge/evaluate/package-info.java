/**
 * What the bridge does not answer itself: a private PostgreSQL, the evaluator, and the connections
 * to it.
 *
 * <p><b>Contract.</b> A statement goes to {@link dev.quicksilver.bridge.evaluate.Evaluation} as the
 * client sent it, and the evaluator's messages go to the client as they came. Its rows come back
 * from the bridge through the evaluator's own postgres_fdw, over a Unix socket that only this user
 * can reach; every column there is declared with a domain, so that only bare scans are asked for.
 *
 * <p><b>Hot path.</b> {@code Link.pass}: rows are copied from one socket's buffer to the other's.
 *
 * <p><b>Threads.</b> An {@code Evaluation} belongs to its session's thread, but for {@code cancel};
 * {@link dev.quicksilver.bridge.evaluate.Evaluator} is safe for all.
 *
 * <p><b>Failure.</b> The evaluator's errors are relayed with all their fields. When the evaluator
 * cannot be started or dies, the statement fails with class 58 or 57 and the bridge lives on; the
 * next one starts it again.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.bridge.evaluate;
