package dev.quicksilver.cli.top;

import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import java.util.List;
import java.util.Optional;

/**
 * What is known of the node that is looked at.
 *
 * @param address {@code host:port}, or what is known instead while there is none
 * @param last the last look that was answered
 * @param before the databases in the one before it, from which rates are counted; not its tree,
 *     which may be large
 * @param silence why the node does not answer, and since when; empty if it does
 */
record Seen(
    String address, Optional<Look> last, Optional<Databases> before, Optional<String> silence) {
  /**
   * What a look said of the node's own databases.
   *
   * @param nanos when, on a clock that only goes on, in ns
   */
  record Databases(List<DatabaseReport> reports, long nanos) {
    static Databases of(Look look) {
      return new Databases(look.status().databases(), look.nanos());
    }
  }

  /** Before the first look. */
  static final Seen NOTHING = new Seen("", Optional.empty(), Optional.empty(), Optional.empty());
}
