package dev.quicksilver.storage.lmdb;

import java.time.Duration;

/**
 * Another process that has reader slots of a database, as {@code Database.otherReaders} lists it.
 *
 * @param pid its process id, in the PID namespace that it shares with this process
 * @param slots that it has taken, of all that there are for all processes
 * @param snapshots that it has open; each takes a slot
 * @param behind commits that its oldest snapshot does not see; 0 if that sees all, or it has none
 *     open
 * @param held for how long this process has known that snapshot to be behind: at least so long it
 *     has kept pages from being used again
 * @param grown bytes that the database's file has grown by meanwhile
 * @param tooOld whether that is longer than a snapshot may be held
 */
public record ReaderProcess(
    long pid, int slots, int snapshots, long behind, Duration held, long grown, boolean tooOld) {}
