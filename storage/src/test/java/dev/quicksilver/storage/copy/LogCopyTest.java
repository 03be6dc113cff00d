package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.log.Segment;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies that bring the source's log with them. */
class LogCopyTest {
  private static final int PIECE = 2_000;
  private static final int LOG = 1_000;

  @TempDir Path folder;
  private final Random random = new Random(19);
  private long lsn;

  /** What a copy says while it has only log. */
  private interface OnLog {
    void at(long done, long total) throws IOException;
  }

  private static Verification copy(Database source, Path to, OnLog onLog) {
    return new SnapshotCopy(
            source,
            to,
            true,
            PIECE,
            LOG,
            (stage, done, total) -> {
              if (stage == VerifyProgress.Stage.COPY_LOG) {
                try {
                  onLog.at(done, total);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              }
            })
        .run();
  }

  @Test
  void holdsBlockForBlockTheLogThatTheSourceKeeps() throws IOException {
    Path at = folder.resolve("live");
    Database.create(at, DNS, FAST.withLog(Duration.ofDays(365_000), 400_000)).close();
    try (Database behind = TestDatabases.create(folder.resolve("behind"))) {
      try (Database live = Database.open(at, FAST.withLog(Duration.ofDays(365_000), 400_000))) {
        while (live.head().oldestSequence() == 1) {
          change(live, 40);
          if (live.head().oldestSequence() == 1) {
            TestDatabases.follow(live, behind);
          }
        }
        TestDatabases.follow(live, behind);
        for (int i = 0; i < 5; i++) {
          change(live, 40);
        }
      }
      // What this process is told of how much to keep does not count: all of it is from 1970.
      try (Database source = Database.openReadOnly(at, FAST.withLog(Duration.ofDays(1), 1))) {
        assertThat(source.head().oldestSequence()).isGreaterThan(1);
        Verification verified =
            SnapshotCopy.copyWithLog(source, folder.resolve("copy"), VerifyProgress.NONE);
        assertThat(verified.clean()).isTrue();
        assertThat(verified.head()).isEqualTo(source.head());
        assertThat(verified.blocks()).isGreaterThan(5);
        try (Database copy = Database.open(folder.resolve("copy"), FAST)) {
          assertThat(copy.head()).isEqualTo(source.head());
          assertThat(log(copy)).isEqualTo(log(source));
          assertThat(content(copy)).isEqualTo(content(source));
          long before = behind.head().lastSequence();
          assertThat(copy.chainHashAt(before)).isEqualTo(behind.head().chainHash());
          TestDatabases.follow(copy, behind);
          assertThat(behind.head().chainHash()).isEqualTo(source.head().chainHash());
          assertThat(content(behind)).isEqualTo(content(source));
        }
      }
    }
  }

  @Test
  void holdsAllThatComesWhileItIsMade() {
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      for (int i = 0; i < 20; i++) {
        change(source, 30);
      }
      List<Long> steps = new ArrayList<>();
      copy(
          source,
          folder.resolve("copy"),
          (done, total) -> {
            steps.add(done);
            assertThat(total).isGreaterThanOrEqualTo(done);
            if (steps.size() < 10) {
              change(source, 10);
            }
          });
      assertThat(steps.size()).isGreaterThan(5);
      requireSame(source, folder.resolve("copy"));
    }
  }

  @Test
  void goesOnWithALogThatIsPartlyThere() {
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      for (int i = 0; i < 20; i++) {
        change(source, 30);
      }
      List<Long> first = new ArrayList<>();
      assertThatThrownBy(
              () ->
                  copy(
                      source,
                      folder.resolve("copy"),
                      (done, _) -> {
                        first.add(done);
                        if (first.size() == 7) {
                          throw new IOException("the machine goes down");
                        }
                      }))
          .hasStackTraceContaining("goes down");
      change(source, 30);
      List<Long> second = new ArrayList<>();
      copy(source, folder.resolve("copy"), (done, _) -> second.add(done));
      assertThat(second.getFirst()).isGreaterThan(first.getLast());
      requireSame(source, folder.resolve("copy"));
    }
  }

  @Test
  void beginsAnewIfTheSourceHasTakenTheLogAwayMeanwhile() {
    Path target = folder.resolve("copy");
    try (Database source = trimming()) {
      for (int i = 0; i < 20; i++) {
        change(source, 30);
      }
      long oldest = source.head().oldestSequence();
      List<Long> steps = new ArrayList<>();
      copy(
          source,
          target,
          (done, _) -> {
            steps.add(done);
            if (steps.size() == 1) {
              trim(source);
            }
          });
      // It wanted all of it, then left a little of what was there to come.
      try (Database copy = Database.open(target, FAST)) {
        assertThat(copy.head().oldestSequence())
            .isGreaterThan(oldest)
            .isLessThan(copy.head().lastSequence());
        assertThat(copy.chainHashAt(copy.head().oldestSequence() - 1))
            .isEqualTo(source.chainHashAt(copy.head().oldestSequence() - 1));
        requireContent(source, copy);
      }
    }
  }

  @Test
  void beginsAnewIfTheSourceHasTakenTheLogAwayBeforeItWasResumed() {
    Path target = folder.resolve("copy");
    try (Database source = trimming()) {
      for (int i = 0; i < 20; i++) {
        change(source, 30);
      }
      assertThatThrownBy(
              () ->
                  copy(
                      source,
                      target,
                      (_, _) -> {
                        throw new IOException("the machine goes down");
                      }))
          .hasStackTraceContaining("goes down");
      trim(source);
      copy(source, target, (_, _) -> {});
      requireSame(source, target);
    }
  }

  @Test
  void endsWithoutLogIfTheSourceAlwaysTakesItAway() {
    Path target = folder.resolve("copy");
    try (Database source = trimming()) {
      for (int i = 0; i < 20; i++) {
        change(source, 30);
      }
      List<Long> steps = new ArrayList<>();
      copy(
          source,
          target,
          (done, total) -> {
            steps.add(done);
            if (done < total) {
              trim(source);
            }
          });
      assertThat(steps.size()).isBetween(2, 5);
      try (Database copy = Database.open(target, FAST)) {
        requireContent(source, copy);
      }
    }
  }

  @Test
  void neverThrowsPairsAway() {
    Path target = folder.resolve("copy");
    try (Database source = trimming()) {
      for (int i = 0; i < 20; i++) {
        change(source, 30);
      }
      boolean[] halted = new boolean[1];
      assertThatThrownBy(
              () ->
                  new SnapshotCopy(
                          source,
                          target,
                          true,
                          PIECE,
                          LOG,
                          (stage, _, _) -> {
                            if (stage == VerifyProgress.Stage.COPY) {
                              halted[0] = true;
                              throw new IllegalStateException("the machine goes down");
                            }
                          })
                      .run())
          .hasMessageContaining("goes down");
      assertThat(halted[0]).isTrue();
      trim(source);
      assertThatThrownBy(() -> SnapshotCopy.copyWithLog(source, target, VerifyProgress.NONE))
          .returns(ErrorCode.NOT_IN_LOG, e -> ((StorageException) e).code())
          .hasMessageContaining("begin anew");
    }
  }

  @Test
  void copiesAnEmptyDatabaseAndOneWhoseLogIsEmpty() {
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      SnapshotCopy.copyWithLog(source, folder.resolve("empty"), VerifyProgress.NONE);
      commit(source, 1, "a=1", "b=");
      SnapshotCopy.copy(source, folder.resolve("short"), VerifyProgress.NONE);
      try (Database one = Database.open(folder.resolve("empty"), FAST)) {
        assertThat(one.head().oldestSequence()).isEqualTo(1);
      }
      try (Database two = Database.open(folder.resolve("short"), FAST)) {
        SnapshotCopy.copyWithLog(two, folder.resolve("three"), VerifyProgress.NONE);
        requireSame(two, folder.resolve("three"));
      }
      SnapshotCopy.copyWithLog(source, folder.resolve("four"), VerifyProgress.NONE);
      requireSame(source, folder.resolve("four"));
    }
  }

  /** A database that keeps little log. */
  private Database trimming() {
    return Database.create(
        folder.resolve("live"), DNS, FAST.withLog(Duration.ofDays(365_000), 200_000));
  }

  /** Commits until all of the log that is there now has gone. */
  private void trim(Database source) {
    long last = source.head().lastSequence();
    while (source.head().oldestSequence() <= last) {
      change(source, 200);
    }
  }

  private static void requireSame(Database source, Path target) {
    try (Database copy = Database.open(target, FAST)) {
      assertThat(copy.head()).isEqualTo(source.head());
      assertThat(log(copy)).isEqualTo(log(source));
      requireContent(source, copy);
    }
  }

  private static void requireContent(Database source, Database copy) {
    assertThat(content(copy)).isEqualTo(content(source));
    assertThat(copy.head())
        .usingRecursiveComparison()
        .ignoringFields("oldestSequence")
        .isEqualTo(source.head());
    assertThat(Verifier.verify(copy, VerifyProgress.NONE).problems()).isEmpty();
  }

  /** All blocks, heads and segments, as they are stored. */
  private static List<String> log(Database database) {
    List<String> blocks = new ArrayList<>();
    LogReader reader = database.readLog(database.head().oldestSequence());
    for (BlockHeader block = reader.nextBlock(); block != null; block = reader.nextBlock()) {
      StringBuilder all = new StringBuilder(HexFormat.of().formatHex(block.encode()));
      for (Segment next = reader.nextSegment(); next != null; next = reader.nextSegment()) {
        all.append(' ').append(HexFormat.of().formatHex(next.encode()));
      }
      blocks.add(all.toString());
    }
    return blocks;
  }

  /** Commits random changes. */
  private void change(Database database, int changes) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn * 10);
      for (int i = 0; i < changes; i++) {
        byte[] key = bytes("key " + random.nextInt(500));
        if (random.nextInt(4) == 0) {
          appender.delete(key);
        } else {
          byte[] value = new byte[random.nextInt(40) == 0 ? 10_000 : random.nextInt(100)];
          random.nextBytes(value);
          appender.set(key, bytes(HexFormat.of().formatHex(value)));
        }
      }
      appender.end(TestDatabases.at(++lsn));
      appender.commit();
    }
  }
}
