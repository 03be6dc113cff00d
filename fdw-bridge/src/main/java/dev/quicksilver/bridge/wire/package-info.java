/**
 * The server side of the PostgreSQL wire protocol: message framing and SCRAM-SHA-256.
 *
 * <p>Source of the formats: PostgreSQL documentation, chapter Frontend/Backend Protocol. Hot:
 * {@code MessageWriter}, which keeps one growing buffer a connection. Not thread-safe: one
 * connection, one thread. Malformed input is a {@link dev.quicksilver.bridge.sql.PgException} of
 * class 08, after which the connection is closed.
 */
@NullMarked
package dev.quicksilver.bridge.wire;

import org.jspecify.annotations.NullMarked;
