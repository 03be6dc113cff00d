package dev.quicksilver.storage.lmdb;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.ReaderChild;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ReaderList.Slot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other processes hold, as a table and with processes that there are. */
class OtherReadersTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final long MAP = 4L << 20;

  @TempDir Path folder;
  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final OtherReaders others = new OtherReaders(Path.of("dns"), Duration.ofSeconds(60), 1);
  private long lsn;

  // the table

  @Test
  void readsWhatLmdbLists() {
    assertThat(
            ReaderList.parse("    pid     thread     txnid\n      4711 7f00a 12\n 4712 7f00b -\n"))
        .containsExactly(new Slot(4711, "7f00a", 12), new Slot(4712, "7f00b", ReaderList.NONE));
    assertThat(ReaderList.parse("(no active readers)\n")).isEmpty();
    assertThat(ReaderList.parse("(no reader locks)\n")).isEmpty();
  }

  private static Slot slot(long pid, long transaction) {
    return new Slot(pid, "a" + pid, transaction);
  }

  private List<ReaderProcess> look(List<Slot> slots, long newest, long now) {
    return others.look(slots, newest, 1 << 20, now);
  }

  private static ReaderProcess open(long pid, long behind, long seconds, boolean tooOld) {
    return new ReaderProcess(pid, 1, 1, behind, Duration.ofSeconds(seconds), 0, tooOld);
  }

  @Test
  void aSnapshotAgesWhileItIsBehindAndStaysWhereItIs() {
    assertThat(look(List.of(slot(2, 5)), 5, 0)).containsExactly(open(2, 0, 0, false));
    assertThat(look(List.of(slot(2, 5)), 6, 50_000)).containsExactly(open(2, 1, 0, false));
    assertThat(look(List.of(slot(2, 5)), 8, 110_000)).containsExactly(open(2, 3, 60, false));
    assertThat(look(List.of(slot(2, 5)), 9, 110_001))
        .containsExactly(new ReaderProcess(2, 1, 1, 4, Duration.ofMillis(60_001), 0, true));
    assertThat(look(List.of(slot(2, 9)), 9, 111_000)).containsExactly(open(2, 0, 0, false));
    assertThat(look(List.of(slot(2, 9)), 10, 112_000)).containsExactly(open(2, 1, 0, false));
  }

  @Test
  void aProcessIsAsOldAsItsOldestSnapshotAndThisOneDoesNotCount() {
    List<Slot> slots = new ArrayList<>(List.of(slot(1, 2), slot(3, 4), slot(2, ReaderList.NONE)));
    look(slots, 9, 0);
    slots.add(new Slot(3, "b", 7));
    slots.add(new Slot(3, "c", ReaderList.NONE));
    assertThat(look(slots, 9, 30_000))
        .containsExactly(
            new ReaderProcess(2, 1, 0, 0, Duration.ZERO, 0, false),
            new ReaderProcess(3, 3, 2, 5, Duration.ofSeconds(30), 0, false));
    assertThat(look(List.of(), 9, 31_000)).isEmpty();
  }

  @Test
  void hindersOnlyWhoIsTooOldWhileTheFileHasGrownByAQuarterAndSomeMebibytes() {
    long mib = 1 << 20;
    List<Slot> slots = List.of(slot(2, 5), slot(3, 9));
    others.look(slots, 9, 100 * mib, 0);
    others.look(slots, 9, 200 * mib, 60_000);
    assertThat(others.hindering()).isEmpty();
    others.look(slots, 9, 124 * mib, 60_001);
    assertThat(others.hindering()).isEmpty();
    others.look(slots, 9, 125 * mib, 60_001);
    assertThat(others.hindering())
        .contains(new ReaderProcess(2, 1, 1, 4, Duration.ofMillis(60_001), 25 * mib, true));
    others.look(List.of(slot(3, 9)), 9, 200 * mib, 60_002);
    assertThat(others.hindering()).isEmpty();

    others.look(slots, 9, 2 * mib, 100_000);
    others.look(slots, 9, 17 * mib, 200_000);
    assertThat(others.hindering()).isEmpty();
    others.look(slots, 9, 18 * mib, 200_000);
    assertThat(others.hindering()).map(ReaderProcess::pid).contains(2L);
  }

  // processes

  /** {@link ReaderChild}, running. */
  private final class Child implements AutoCloseable {
    private final Process process;

    Child() throws IOException {
      process =
          JavaCommand.process(
                  ReaderChild.class,
                  List.of("-Xmx64m"),
                  List.of(folder.toString(), Long.toString(MAP)))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertThat(process.getInputStream().read()).isEqualTo('.');
    }

    void tell(char command) throws IOException {
      process.getOutputStream().write(command);
      process.getOutputStream().flush();
      assertThat(process.getInputStream().read()).isEqualTo('.');
    }

    /** Stops it in the middle of whatever it does. */
    void stop() throws IOException, InterruptedException {
      assertThat(new ProcessBuilder("kill", "-STOP", "" + process.pid()).start().waitFor())
          .isZero();
    }

    long pid() {
      return process.pid();
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  private Database create() {
    return Database.create(
        folder,
        DNS,
        FAST.withMapSize(MAP).withClock(now::get).withLog(Duration.ofDays(1), 64 << 10));
  }

  /** Writes the same key again and again, in a commit each. */
  private void overwrite(Database database, int commits) {
    for (int i = 0; i < commits; i++) {
      commit(database, lsn += 16, "key=" + "v".repeat(3_000) + lsn);
    }
  }

  @Test
  void namesAProcessThatHoldsASnapshotAndHowFarItIsBehind() throws Exception {
    try (Database database = create();
        Child child = new Child()) {
      overwrite(database, 1);
      assertThat(database.otherReaders())
          .containsExactly(new ReaderProcess(child.pid(), 1, 0, 0, Duration.ZERO, 0, false));
      child.tell('t');
      overwrite(database, 5);
      child.stop();
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 5, 0, false));
      now.set(START.plusSeconds(90));
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 5, 90, false));
      now.set(START.plusSeconds(3_700));
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 5, 3_700, true));
      assertThat(database.hindering()).isEmpty();
    }
  }

  @Test
  void aSnapshotThatIsRenewedIsNew() throws Exception {
    try (Database database = create();
        Child child = new Child()) {
      overwrite(database, 1);
      child.tell('t');
      overwrite(database, 2);
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 2, 0, false));
      now.set(START.plusSeconds(90));
      child.tell('r');
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 0, 0, false));
      child.tell('c');
      assertThat(database.otherReaders())
          .containsExactly(new ReaderProcess(child.pid(), 1, 0, 0, Duration.ZERO, 0, false));
    }
  }

  @Test
  void aSnapshotOfAnotherProcessIsKeptWhileTheWriterOpensAnew() throws Exception {
    try (Database database = create();
        Child child = new Child()) {
      overwrite(database, 1);
      child.tell('t');
      assertThat(database.environment().reopened()).isTrue();
      overwrite(database, 5);
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 5, 0, false));
      child.tell('r');
      assertThat(database.environment().reopened()).isTrue();
      assertThat(database.otherReaders()).containsExactly(open(child.pid(), 0, 0, false));
      child.tell('c');
    }
  }

  @Test
  void theSlotOfADeadProcessIsFreedWithinASecondOfCommits() throws Exception {
    try (Database database = create()) {
      overwrite(database, 300);
      long before = database.fileBytes();
      try (Child child = new Child()) {
        child.tell('t');
      }
      now.set(START.plusSeconds(2));
      overwrite(database, 300);
      assertThat(database.otherReaders()).isEmpty();
      assertThat(database.fileBytes()).isEqualTo(before);
    }
  }

  @Test
  void aDatabaseWhoseSlotsAreAllLeftByDeadProcessesOpens() throws Exception {
    StorageOptions few =
        new StorageOptions(
            MAP,
            4,
            FAST.durable(),
            FAST.logMaxAge(),
            FAST.logMaxBytes(),
            FAST.maxSnapshotAge(),
            FAST.clock(),
            FAST.bootId());
    // while it is open here LMDB does not begin with an empty table; without commits nobody looks
    try (Database database = Database.create(folder, DNS, few)) {
      try (Child child = new Child();
          Snapshot _ = database.snapshot()) {
        child.tell('f');
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(database::snapshot)
            .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
      }
      try (Child child = new Child()) {
        child.tell('t');
        assertThat(database.otherReaders())
            .containsExactly(new ReaderProcess(child.pid(), 1, 1, 0, Duration.ZERO, 0, false));
      }
    }
  }

  @Test
  void aStoppedProcessCannotGrowTheFileBeyondItsMapAndIsNamed() throws Exception {
    try (Database database = create()) {
      overwrite(database, 1);
      try (Child child = new Child()) {
        child.tell('t');
        child.stop();
        overwrite(database, 2);
        database.otherReaders();
        now.set(START.plusSeconds(11));
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(() -> overwrite(database, 10_000))
            .withMessageContaining("process " + child.pid() + " has held a snapshot for PT11S")
            .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
        assertThat(database.fileBytes()).isLessThanOrEqualTo(MAP);
        try (Snapshot snapshot = database.snapshot()) {
          assertThat(snapshot.get(TestDatabases.bytes("key"))).isNotNull();
        }
      }
      // the attempt that still finds no room frees the slot
      assertThatExceptionOfType(StorageException.class).isThrownBy(() -> overwrite(database, 10));
      overwrite(database, 2_000);
      assertThat(database.fileBytes()).isLessThanOrEqualTo(MAP);
      Verifier.verify(database, VerifyProgress.NONE).requireClean();
    }
  }
}
