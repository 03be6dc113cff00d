package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.Preparation;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.storage.DatabaseSet;
import java.util.function.LongSupplier;

/**
 * What lasts as long as the gateway and every state of its session works with.
 *
 * @param preparation what is due before this node looks at what is in PostgreSQL
 * @param nanoTime monotonic time in ns
 */
record SessionParts(
    GatewayConfig config,
    DatabaseSet databases,
    CentralDatabase central,
    Standby standby,
    Preparation preparation,
    Standbys standbys,
    Progress progress,
    Waiters waiters,
    LongSupplier nanoTime) {}
