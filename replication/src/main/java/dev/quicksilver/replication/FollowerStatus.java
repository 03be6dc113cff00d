package dev.quicksilver.replication;

/**
 * A follower that is directly connected.
 *
 * @param sentSequence the last sequence written to its connection
 * @param ackedSequence the last sequence it said is durable; -1 before its first ack
 */
public record FollowerStatus(
    String database, String node, String location, long sentSequence, long ackedSequence) {}
