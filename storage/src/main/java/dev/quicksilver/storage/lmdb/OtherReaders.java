package dev.quicksilver.storage.lmdb;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reader slots that other processes have of one environment, and since when each snapshot is
 * known to be behind. LMDB notes no time. But a snapshot that is renewed goes to the newest commit,
 * so one that was behind and is still of the same commit has been held all the while. Safe for all
 * threads.
 */
final class OtherReaders {
  private static final Logger LOG = LoggerFactory.getLogger(OtherReaders.class);

  private static final Duration WORTH_NAMING = Duration.ofSeconds(10);

  /** A file that has grown by less is no reason to make another one. */
  private static final long MUCH_BYTES = 16 << 20;

  private static final int MUCH_OF_FILE = 4;

  /**
   * When a snapshot was seen to be behind.
   *
   * @param at in ms
   * @param fileBytes the file's length then
   */
  private record Seen(long at, long fileBytes) {}

  private final Path path;
  private final Duration maxAge;
  private final long ownPid;
  private final Map<ReaderList.Slot, Seen> behind = new HashMap<>();
  private List<ReaderProcess> latest = List.of();
  private long length;

  OtherReaders(Path path, Duration maxAge, long ownPid) {
    this.path = path;
    this.maxAge = maxAge;
    this.ownPid = ownPid;
  }

  /**
   * Takes a look at the table.
   *
   * @param slots that are taken, this process's among them
   * @param newest the newest commit, found out before the slots were read
   * @param fileBytes the file's length
   * @param now in ms
   * @return the other processes by their ids
   */
  List<ReaderProcess> look(List<ReaderList.Slot> slots, long newest, long fileBytes, long now) {
    Seen seen = new Seen(now, fileBytes);
    List<ReaderProcess> told = new ArrayList<>();
    List<ReaderProcess> all;
    synchronized (this) {
      Map<Long, List<ReaderList.Slot>> byProcess = new TreeMap<>();
      Map<ReaderList.Slot, Seen> before = Map.copyOf(behind);
      behind.clear();
      for (ReaderList.Slot slot : slots) {
        if (slot.pid() != ownPid) {
          byProcess.computeIfAbsent(slot.pid(), pid -> new ArrayList<>()).add(slot);
          if (isBehind(slot, newest)) {
            behind.put(slot, before.getOrDefault(slot, seen));
          }
        }
      }
      all = byProcess.values().stream().map(of -> process(of, newest, seen)).toList();
      length = fileBytes;
      for (ReaderProcess process : all) {
        if (process.tooOld() && latest.stream().noneMatch(one -> isKnown(one, process))) {
          told.add(process);
        }
      }
      latest = all;
    }
    for (ReaderProcess process : told) {
      LOG.warn(
          "process {} has held a snapshot of {} for longer than {} and is {} commits behind: no"
              + " page that was freed since is used again, and the file grows; have it renew its"
              + " transaction, or end it",
          process.pid(),
          path,
          maxAge,
          process.behind());
    }
    return all;
  }

  private static boolean isKnown(ReaderProcess known, ReaderProcess process) {
    return known.pid() == process.pid() && known.tooOld();
  }

  private static boolean isBehind(ReaderList.Slot slot, long newest) {
    return slot.transaction() != ReaderList.NONE && slot.transaction() < newest;
  }

  private ReaderProcess process(List<ReaderList.Slot> slots, long newest, Seen now) {
    List<ReaderList.Slot> open =
        slots.stream().filter(slot -> slot.transaction() != ReaderList.NONE).toList();
    Seen first =
        open.stream()
            .map(slot -> behind.getOrDefault(slot, now))
            .min(Comparator.comparingLong(Seen::at))
            .orElse(now);
    long oldest = open.stream().mapToLong(ReaderList.Slot::transaction).min().orElse(newest);
    Duration held = Duration.ofMillis(Math.max(0, now.at - first.at));
    return new ReaderProcess(
        slots.getFirst().pid(),
        slots.size(),
        open.size(),
        Math.max(0, newest - oldest),
        held,
        Math.max(0, now.fileBytes - first.fileBytes),
        held.compareTo(maxAge) > 0);
  }

  /**
   * Returns who has held a snapshot for too long while the file has grown by a quarter, and by 16
   * MiB at least, as of the last look.
   */
  synchronized Optional<ReaderProcess> hindering() {
    return latest.stream()
        .filter(ReaderProcess::tooOld)
        .filter(process -> process.grown() >= MUCH_BYTES)
        .filter(process -> process.grown() >= (length - process.grown()) / MUCH_OF_FILE)
        .max(Comparator.comparing(ReaderProcess::held));
  }

  /** Names the process that is to blame if there is no room, if one is. */
  StorageException blame(StorageException e) {
    List<ReaderProcess> seen;
    synchronized (this) {
      seen = latest;
    }
    return seen.stream()
        .filter(process -> e.code() == ErrorCode.NO_SPACE)
        .filter(process -> process.held().compareTo(WORTH_NAMING) > 0)
        .max(Comparator.comparing(ReaderProcess::held))
        .map(
            process ->
                new StorageException(
                    e.code(),
                    e.getMessage()
                        + "; process "
                        + process.pid()
                        + " has held a snapshot for "
                        + process.held()
                        + ", and no page that was freed since is used again: have it renew its"
                        + " transaction, or end it",
                    e))
        .orElse(e);
  }
}
