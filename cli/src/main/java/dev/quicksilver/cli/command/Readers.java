package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.ReaderReport;
import dev.quicksilver.storage.Database;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What other processes hold of the databases, in the words of a status. Stateless. */
final class Readers {
  private Readers() {}

  static List<ReaderReport> of(Database database) {
    return database.otherReaders().stream()
        .map(
            process ->
                new ReaderReport(
                    process.pid(),
                    process.slots(),
                    process.snapshots(),
                    process.behind(),
                    process.held().toMillis() / 1e3,
                    process.tooOld()))
        .toList();
  }

  /** Says who holds a snapshot for too long; empty if nobody does. */
  static Optional<String> problem(List<DatabaseReport> databases) {
    return databases.stream()
        .flatMap(
            database ->
                database.storage().readers().stream()
                    .filter(ReaderReport::tooOld)
                    .map(reader -> problem(database.name(), reader)))
        .findFirst();
  }

  private static String problem(String database, ReaderReport reader) {
    return String.format(
        Locale.ROOT,
        "process %d has held a snapshot of %s for %d min and is %d commits behind, so no page that"
            + " was freed since is used again: have it renew its transaction, or end it",
        reader.pid(),
        database,
        Duration.ofMillis((long) (reader.heldSeconds() * 1e3)).toMinutes(),
        reader.behind());
  }

  /** Prints those that a node has; nothing if there are none. */
  static void print(List<DatabaseReport> databases, PrintWriter out) {
    if (databases.stream().allMatch(database -> database.storage().readers().isEmpty())) {
      return;
    }
    out.println();
    Table readers =
        new Table(
            "database",
            ">reader process",
            ">slots",
            ">snapshots",
            ">commits behind",
            ">held",
            "problem");
    for (DatabaseReport database : databases) {
      for (ReaderReport reader : database.storage().readers()) {
        readers.row(
            database.name(),
            Long.toString(reader.pid()),
            Integer.toString(reader.slots()),
            Integer.toString(reader.snapshots()),
            Long.toString(reader.behind()),
            String.format(Locale.ROOT, "%.1f s", reader.heldSeconds()),
            reader.tooOld() ? "TOO_OLD" : "-");
      }
    }
    readers.print(out);
  }
}
