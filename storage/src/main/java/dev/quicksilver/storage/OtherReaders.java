package dev.quicksilver.storage;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  private final Path path;
  private final Duration maxAge;
  private final long ownPid;
  private final Map<ReaderList.Slot, Long> behindSince = new HashMap<>();
  private List<ReaderProcess> latest = List.of();

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
   * @param now in ms
   * @return the other processes by their ids
   */
  List<ReaderProcess> look(List<ReaderList.Slot> slots, long newest, long now) {
    List<ReaderProcess> told = new ArrayList<>();
    List<ReaderProcess> all;
    synchronized (this) {
      Map<Long, List<ReaderList.Slot>> byProcess = new TreeMap<>();
      Map<ReaderList.Slot, Long> before = Map.copyOf(behindSince);
      behindSince.clear();
      for (ReaderList.Slot slot : slots) {
        if (slot.pid() != ownPid) {
          byProcess.computeIfAbsent(slot.pid(), pid -> new ArrayList<>()).add(slot);
          if (isBehind(slot, newest)) {
            behindSince.put(slot, before.getOrDefault(slot, now));
          }
        }
      }
      all = byProcess.values().stream().map(of -> process(of, newest, now)).toList();
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

  private ReaderProcess process(List<ReaderList.Slot> slots, long newest, long now) {
    long oldest =
        slots.stream()
            .mapToLong(ReaderList.Slot::transaction)
            .filter(transaction -> transaction != ReaderList.NONE)
            .min()
            .orElse(newest);
    long since =
        slots.stream().mapToLong(slot -> behindSince.getOrDefault(slot, now)).min().orElse(now);
    Duration held = Duration.ofMillis(Math.max(0, now - since));
    return new ReaderProcess(
        slots.getFirst().pid(),
        slots.size(),
        (int) slots.stream().filter(slot -> slot.transaction() != ReaderList.NONE).count(),
        Math.max(0, newest - oldest),
        held,
        held.compareTo(maxAge) > 0);
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
