/**
 * Serves a replica's databases to stock {@code postgres_fdw}, psql and drivers over the PostgreSQL
 * wire protocol.
 *
 * <p>{@link dev.quicksilver.bridge.Bridge} is the way in: it listens on a loopback port and runs
 * one thread a connection. A session is read-only; each SQL transaction sees one snapshot of each
 * database, whose age is bounded. Hot paths: FETCH on a scan ({@code Portal}, from {@code
 * seek.ScannedRows} into {@code wire.MessageWriter}, and ahead of the client into {@code
 * RowsAhead}), and the five round trips of a look-up through postgres_fdw, in which nothing is
 * parsed or planned twice ({@code sql.StatementCache}, {@code Session.plan}). Failures reach the
 * client as SQLSTATE, message and hint; the connection survives everything but violations of the
 * protocol.
 *
 * <p>Only the public types of this package are for other modules; the packages below are internal.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.bridge;
