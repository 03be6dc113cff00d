package dev.quicksilver.replication;

/**
 * How often an upstream has refused this node for one reason.
 *
 * @param count since the start of the node, over all databases, copies and probes
 */
public record RefusalCount(Upstream upstream, RefusalCode code, long count) {}
