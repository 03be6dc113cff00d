/**
 * From messages of the WAL to entries, and when they are committed. Hot: {@code Sequencer}, once a
 * row, and {@code CommitSchedule}, which decides when to commit to LMDB and what to confirm.
 *
 * <p>What a row becomes depends on the WAL alone: {@code CatalogFollower} makes and drops databases
 * in WAL order, {@code TableMapping} takes keys and values out of rows as the {@code Projection} in
 * the catalog says. One thread. A table that no longer fits its database is refused.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway.sequence;
