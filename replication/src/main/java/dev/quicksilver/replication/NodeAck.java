package dev.quicksilver.replication;

/**
 * How far a node below this one has made a database durable.
 *
 * @param node its name
 * @param location where it says it stands
 * @param upstream the name of the node it pulls from
 * @param sequence its last durable sequence
 */
public record NodeAck(String node, String location, String upstream, long sequence) {}
