package dev.quicksilver.replication;

import dev.quicksilver.storage.DatabaseSet;

/** What all connections of one server share. */
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
    CopyServer copies) {}
