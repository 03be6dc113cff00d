package dev.quicksilver.replication;

/**
 * Why following a database ended for good.
 *
 * @param message one line: cause and cure
 */
public record ReplicaFailure(String database, FollowerState state, String message) {}
