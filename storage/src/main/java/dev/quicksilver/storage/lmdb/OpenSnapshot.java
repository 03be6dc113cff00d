package dev.quicksilver.storage.lmdb;

import java.time.Duration;
import java.time.Instant;

/**
 * A snapshot that is open in this process, as {@code Database.readers} lists it.
 *
 * @param thread name of the thread that took it
 * @param since when it was taken or last renewed, by the clock of the options
 * @param age how long ago that is
 * @param tooOld whether its next call will fail with SNAPSHOT_TOO_OLD
 */
public record OpenSnapshot(String thread, Instant since, Duration age, boolean tooOld) {}
