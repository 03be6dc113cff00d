package dev.quicksilver.storage.lmdb;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/**
 * How an environment is opened.
 *
 * @param mapSize the most bytes a database's file may grow to; address space only, not disk. Every
 *     process that opens the environment should use the same
 * @param maxReaders snapshots that may be open at one time, over all processes
 * @param durable whether a commit waits for the disk; only ever false for throw-away copies
 * @param logMaxAge entries older than this leave the log
 * @param logMaxBytes the oldest entries leave the log while it is larger than this
 * @param maxSnapshotAge a snapshot that was taken or renewed longer ago is told to go when this
 *     process commits or takes another snapshot: its next call fails with SNAPSHOT_TOO_OLD, since
 *     it keeps every page that was freed after it from being used again
 * @param clock what age is measured with
 * @param bootId the file that names the present run of the machine: what a killed process had
 *     written is still there as long as it says the same
 */
public record StorageOptions(
    long mapSize,
    int maxReaders,
    boolean durable,
    Duration logMaxAge,
    long logMaxBytes,
    Duration maxSnapshotAge,
    InstantSource clock,
    Path bootId) {
  /**
   * 256 GiB of map, 1,024 readers, durable, a log of a day and at most 4 GiB, snapshots of an hour.
   */
  public static final StorageOptions DEFAULT =
      new StorageOptions(
          256L << 30,
          1024,
          true,
          Duration.ofDays(1),
          4L << 30,
          Duration.ofHours(1),
          InstantSource.system(),
          Path.of("/proc/sys/kernel/random/boot_id"));

  /** Returns these options with another map size in bytes. */
  public StorageOptions withMapSize(long bytes) {
    return new StorageOptions(
        bytes, maxReaders, durable, logMaxAge, logMaxBytes, maxSnapshotAge, clock, bootId);
  }

  /** Returns these options with another bound of the log. */
  public StorageOptions withLog(Duration maxAge, long maxBytes) {
    return new StorageOptions(
        mapSize, maxReaders, durable, maxAge, maxBytes, maxSnapshotAge, clock, bootId);
  }

  /** Returns these options with commits that do not wait for the disk. */
  public StorageOptions withoutDurability() {
    return new StorageOptions(
        mapSize, maxReaders, false, logMaxAge, logMaxBytes, maxSnapshotAge, clock, bootId);
  }

  /** Returns these options with another bound of a snapshot's age. */
  public StorageOptions withMaxSnapshotAge(Duration age) {
    return new StorageOptions(
        mapSize, maxReaders, durable, logMaxAge, logMaxBytes, age, clock, bootId);
  }

  /** Returns these options with another clock. */
  public StorageOptions withClock(InstantSource other) {
    return new StorageOptions(
        mapSize, maxReaders, durable, logMaxAge, logMaxBytes, maxSnapshotAge, other, bootId);
  }

  /** Returns these options with another file that names the present run of the machine. */
  public StorageOptions withBootId(Path file) {
    return new StorageOptions(
        mapSize, maxReaders, durable, logMaxAge, logMaxBytes, maxSnapshotAge, clock, file);
  }
}
