package dev.quicksilver.gateway.central;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a PostgreSQL's timelines left their parents: the content of its {@code .history} file, a
 * line {@code parent <TAB> switch LSN <TAB> reason} for each parent, oldest first.
 *
 * @param current the timeline that it is on
 */
public record TimelineHistory(int current, List<Switch> switches) {
  /**
   * The end of an older timeline.
   *
   * @param lsn where the WAL of {@code timeline} ends, unsigned
   */
  public record Switch(int timeline, long lsn) {}

  /** Reads the content of a history file; one that is empty is of a first timeline. */
  public static TimelineHistory parse(int current, String content) {
    List<Switch> switches = new ArrayList<>();
    for (String line : content.lines().toList()) {
      String[] fields = line.strip().split("\\s+", 3);
      if (fields.length >= 2 && !fields[0].startsWith("#")) {
        String[] halves = fields[1].split("/", 2);
        long lsn =
            Long.parseUnsignedLong(halves[0], 16) << 32 | Long.parseUnsignedLong(halves[1], 16);
        switches.add(new Switch(Integer.parseInt(fields[0]), lsn));
      }
    }
    return new TimelineHistory(current, List.copyOf(switches));
  }

  /** Where a timeline was left, if that is before a position on it; else the position. */
  long common(int timeline, long lsn) {
    return switches.stream()
        .filter(s -> s.timeline() == timeline && Long.compareUnsigned(lsn, s.lsn()) > 0)
        .mapToLong(Switch::lsn)
        .findFirst()
        .orElse(lsn);
  }

  /** True if a position on {@code timeline} at {@code lsn} lies on this history. */
  public boolean contains(int timeline, long lsn) {
    if (timeline == current) {
      return true;
    }
    return switches.stream()
        .anyMatch(s -> s.timeline() == timeline && Long.compareUnsigned(lsn, s.lsn()) <= 0);
  }
}
