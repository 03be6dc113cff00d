/**
 * Serves a replica's databases to stock {@code postgres_fdw}, psql and drivers over the PostgreSQL
 * wire protocol.
 *
 * <p>{@link dev.quicksilver.bridge.Bridge} is the way in: it listens on a loopback port and runs
 * one virtual thread a connection. A session is read-only; each SQL transaction sees one snapshot
 * of each database, whose age is bounded. Hot path: FETCH on a scan ({@code engine.Query} writing
 * into {@code wire.MessageWriter}). Failures reach the client as SQLSTATE, message and hint; the
 * connection survives everything but violations of the protocol.
 *
 * <p>Only the public types of this package are for other modules; the packages below are internal.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.bridge;
