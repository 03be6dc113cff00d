package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process says of itself. */
final class StatusReporterTest {
  @TempDir private Path data;

  @Test
  void aDatabaseThatCannotBeReadIsNamedAndHidesNoOther() {
    try (DatabaseSet set = DatabaseSet.open(data, StorageOptions.DEFAULT)) {
      Database dns = set.create(new DatabaseIdentity(new UUID(1, 1), "dns", "text", "text"));
      set.create(new DatabaseIdentity(new UUID(2, 2), "pages", "text", "text"));
      dns.close(); // as any other read that fails
      NodeStatus status =
          new StatusReporter(
                  Configuration.load(Optional.empty(), Map.of(), Map.of()),
                  Role.REPLICA,
                  Map::of,
                  List::of)
              .report(Optional.empty(), set.all(), _ -> Optional.empty(), List.of(), new Subtree());
      assertThat(status.healthy()).isFalse();
      assertThat(status.problem()).startsWith("dns cannot be read: NOT_FOUND");
      assertThat(status.databases())
          .extracting(DatabaseReport::name, DatabaseReport::state)
          .containsExactly(
              org.assertj.core.api.Assertions.tuple("dns", DatabaseState.UNREADABLE),
              org.assertj.core.api.Assertions.tuple("pages", DatabaseState.WAITING));
    }
  }
}
