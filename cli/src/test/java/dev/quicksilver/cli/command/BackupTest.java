package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a backup does about a database that the catalog names and that is not there. */
class BackupTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT
          .withMapSize(1L << 26)
          .withLog(Duration.ofDays(365_000), 1L << 30)
          .withoutDurability();
  private static final DatabaseIdentity CATALOG =
      new DatabaseIdentity(new UUID(1, 1), DatabaseSet.CATALOG, "text", "text");
  private static final DatabaseIdentity DNS =
      new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text");
  private static final DatabaseIdentity NEW =
      new DatabaseIdentity(new UUID(1, 3), "new", "text", "text");

  @TempDir private Path folder;
  private Path data;
  private Path to;
  private long lsn;
  private int pauses;

  /** The node is complete up to before there was the new one. */
  @BeforeEach
  void begin() {
    data = folder.resolve("data");
    to = folder.resolve("backup");
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
      Database catalog = set.create(CATALOG);
      name(catalog, DNS);
      write(set.create(DNS), "a", "1");
      set.complete(Completeness.of(new Position(1, 1, lsn), set));
      name(catalog, NEW);
    }
  }

  private void name(Database catalog, DatabaseIdentity identity) {
    write(
        catalog,
        identity.name(),
        "{\"id\":\"%s\",\"key_type\":\"text\",\"value_type\":\"text\"}".formatted(identity.id()));
  }

  private void write(Database database, String key, String value) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn);
      appender.set(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private interface Between {
    void paused();
  }

  private Backup.Result backUp(Between between) throws Exception {
    return new Backup(
            data,
            to,
            OPTIONS,
            _ -> VerifyProgress.NONE,
            () -> {
              pauses++;
              between.paused();
            })
        .run();
  }

  /** Says that this process is the node. */
  private void runNode() throws Exception {
    Files.createDirectories(data.resolve("run"));
    Files.writeString(
        data.resolve("run").resolve(NodeParts.PROCESS_NAME + ".json"),
        Json.MAPPER.writeValueAsString(
            new ProcessFile.Content("replica", ProcessHandle.current().pid(), Map.of())));
  }

  private void requireWithoutNew(Backup.Result result) {
    assertThat(result.absent()).containsExactly("new");
    assertThat(result.databases()).containsOnlyKeys(DatabaseSet.CATALOG, "dns");
    assertThat(result.complete()).isPresent();
    assertThat(to.resolve("unfinished")).doesNotExist();
    try (DatabaseSet copies = DatabaseSet.open(to, OPTIONS)) {
      assertThat(copies.get("new")).isEmpty();
      assertThat(copies.get("dns")).isPresent();
      assertThat(copies.completeness()).isEqualTo(result.complete());
    }
  }

  @Test
  void doesNotWaitForADatabaseThatADeadNodeWillNeverMake() throws Exception {
    requireWithoutNew(backUp(() -> {}));
    assertThat(pauses).isZero();
  }

  @Test
  void waitsWhileTheNodeRunsUntilItIsThere() throws Exception {
    runNode();
    Backup.Result result =
        backUp(
            () -> {
              if (pauses == 3) {
                try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
                  write(set.create(NEW), "b", "2");
                }
              }
            });
    assertThat(pauses).isEqualTo(3);
    assertThat(result.absent()).isEmpty();
    assertThat(result.databases()).containsOnlyKeys(DatabaseSet.CATALOG, "dns", "new");
    assertThat(result.databases().get("new").pairs()).isEqualTo(1);
  }

  @Test
  void doesNotWaitForEverWhileTheNodeRuns() throws Exception {
    runNode();
    requireWithoutNew(backUp(() -> {}));
    assertThat(pauses).isEqualTo(Backup.MOST_ROUNDS - 1);
  }

  @Test
  void isNotRightWithoutADatabaseThatHadEntries() {
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
      set.drop("dns");
    }
    assertThatThrownBy(() -> backUp(() -> {}))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("its catalog names")
        .hasMessageContaining("dns");
    assertThat(to.resolve("unfinished")).exists();
  }

  @Test
  void isNotRightWithoutADatabaseIfNobodyKnowsWhatItShouldHave() throws Exception {
    Files.deleteIfExists(data.resolve("complete.0"));
    Files.deleteIfExists(data.resolve("complete.1"));
    assertThatThrownBy(() -> backUp(() -> {}))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("its catalog names new")
        .hasMessageContaining("copy another node");
  }
}
