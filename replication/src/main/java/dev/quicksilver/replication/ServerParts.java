package dev.quicksilver.replication;

import dev.quicksilver.storage.DatabaseSet;
import java.util.concurrent.atomic.LongAdder;

/**
 * What all connections of one server share.
 *
 * @param sentEntries of all streams; copies are none
 */
record ServerParts(
    DatabaseSet databases,
    NodeIdentity identity,
    RootRole role,
    Subtree subtree,
    ServerOptions options,
    Transport transport,
    StallGuard guard,
    RecentBlocks.Shared shared,
    LogLimiter complaints,
    CopyServer copies,
    LongAdder sentEntries) {}
