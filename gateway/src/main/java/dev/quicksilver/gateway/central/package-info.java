/**
 * The central PostgreSQL as a root sees it: by SQL ({@code CentralDatabase}, a pool) and as a
 * walsender ({@code ReplicationConnection}). {@code PostgresFailure} is the one place that tells
 * from an error whether PostgreSQL is away or a later attempt cannot go better. Not hot.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway.central;
