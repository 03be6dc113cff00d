package dev.quicksilver.cli.top;

import dev.quicksilver.cli.process.NodeStatus;
import java.time.Instant;

/**
 * What a node said.
 *
 * @param at when it answered
 * @param nanos the same on a clock that only goes on, in ns
 */
record Look(NodeStatus status, Instant at, long nanos) {}
