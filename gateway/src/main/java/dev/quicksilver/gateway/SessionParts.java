package dev.quicksilver.gateway;

import dev.quicksilver.replication.Standbys;
import dev.quicksilver.storage.DatabaseSet;
import java.util.function.LongSupplier;

/**
 * What lasts as long as the gateway and every state of its session works with.
 *
 * @param nanoTime monotonic time in ns
 */
record SessionParts(
    GatewayConfig config,
    DatabaseSet databases,
    CentralDatabase central,
    Standby standby,
    Standbys standbys,
    Progress progress,
    Waiters waiters,
    LongSupplier nanoTime) {}
