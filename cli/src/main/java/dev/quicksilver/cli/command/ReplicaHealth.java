package dev.quicksilver.cli.command;

import dev.quicksilver.replication.DatabaseStatus;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.storage.DatabaseSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Says why a replica does not do all that it is for. Stateless. */
final class ReplicaHealth {
  private ReplicaHealth() {}

  /**
   * Returns the first problem, and how many more there are; empty if all is well.
   *
   * @param following how each database is followed
   * @param catalog why not all that the catalog lists is followed
   */
  static Optional<String> problem(
      List<DatabaseStatus> following, DatabaseSet databases, Optional<String> catalog) {
    List<String> problems = new ArrayList<>();
    for (DatabaseStatus status : following) {
      if (status.state() != FollowerState.STREAMING) {
        problems.add(status.database() + " is " + status.state() + ": " + status.reason());
      } else if (!status.contradiction().isEmpty()) {
        problems.add(status.contradiction() + "; nothing has proved it right since");
      } else {
        databases
            .withheld(status.database())
            .ifPresent(why -> problems.add(status.database() + " is not served: " + why));
      }
    }
    catalog.ifPresent(problems::add);
    if (problems.isEmpty()) {
      return Optional.empty();
    }
    int more = problems.size() - 1;
    return Optional.of(problems.getFirst() + (more == 0 ? "" : " (and " + more + " more)"));
  }
}
