package dev.quicksilver.replication;

import dev.quicksilver.storage.DatabaseSet;

/** What all followers of one node share. */
record FollowerParts(
    ReplicationConfig config,
    DatabaseSet databases,
    Reports reports,
    RefusalCounts refusals,
    UpstreamProber prober,
    Ticker ticker) {}
