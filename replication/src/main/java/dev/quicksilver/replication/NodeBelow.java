package dev.quicksilver.replication;

import java.util.Optional;
import java.util.UUID;

/**
 * A node below this one, with what it said last of one database.
 *
 * @param instance tells it from all other nodes: its instance id, or, where several processes that
 *     run have the same, an id of its own for each but the first
 * @param ack what it said
 * @param problem why it is hard to tell from another one, if it is
 */
public record NodeBelow(UUID instance, NodeAck ack, Optional<NodeProblem> problem) {}
